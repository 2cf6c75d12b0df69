"""Write down that the customer of a low rating was called back."""

from sqlalchemy import select, update

from tracker import clock
from tracker.complaints.models import Rating
from tracker.complaints.schemas import NoteSchema, load
from tracker.orders.actor import Actor
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

NOTE = "ratings.follow_up_note"
_ratings = Rating.__table__
_schema = NoteSchema()


def record_call_back(runtime: Runtime, actor: Actor, rating_id: int, note: str) -> None:
    """Write down what was said when the customer of a low rating was called back.

    Raises Refusal: rating.not_found, rating.retracted, rating.not_low, rating.followed_up, and every rule
    of the note that is broken.
    """
    words = load(_schema, {"note": note})["note"]
    with runtime.db.transaction() as connection:
        rating = connection.execute(
            select(_ratings)
            .where(_ratings.c.id == rating_id, _ratings.c.operator_id == actor.operator_id)
            .with_for_update()
        ).one_or_none()
        if rating is None:
            raise Refusal(Fault("rating.not_found"))
        if rating.retracted_at is not None:
            raise Refusal(Fault("rating.retracted"))
        if rating.follow_up_on is None:
            raise Refusal(Fault("rating.not_low"))
        if rating.followed_up_at is not None:
            raise Refusal(Fault("rating.followed_up"))
        connection.execute(
            update(_ratings)
            .where(_ratings.c.id == rating.id)
            .values(
                followed_up_at=clock.now(),
                followed_up_by=actor.label,
                follow_up_note=runtime.keys.seal(words, NOTE),
            )
        )
