"""Take in what a customer thinks of an installation."""

from datetime import datetime

from sqlalchemy import insert, select

from tracker import clock
from tracker.complaints.models import Rating
from tracker.complaints.rules import CALL_BACK_WITHIN, LOW_SCORE, rating_faults
from tracker.complaints.schemas import RatingSchema, load
from tracker.complaints.telling import customer_of, key_of, tell
from tracker.orders.actor import Actor
from tracker.orders.locking import lock_order
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

COMMENT = "ratings.comment"
_ratings = Rating.__table__
_schema = RatingSchema()


def rate(
    runtime: Runtime,
    actor: Actor,
    number: str,
    score: int,
    comment: str | None,
    *,
    asked_at: datetime | None = None,
) -> int:
    """Store a customer's rating, 1 to 5, of an order of the actor's; returns its id.

    `asked_at`: when the customer sent it, if that was before now. A manager is to call back whoever gives
    LOW_SCORE or less. Raises Refusal: order.not_found, rating.not_completed, rating.too_late,
    rating.already, and every rule of the fields that is broken.
    """
    loaded = load(_schema, {"score": score, "comment": comment or None})
    now = clock.now()
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, None)
        faults = rating_faults(order.stage, order.closed_at, asked_at or now)
        if faults:
            raise Refusal(*faults)
        standing = select(_ratings.c.id).where(
            _ratings.c.order_id == order.id, _ratings.c.retracted_at.is_(None)
        )
        if connection.scalar(standing) is not None:
            raise Refusal(Fault("rating.already"))
        words = loaded["comment"]
        low = loaded["score"] <= LOW_SCORE
        rating_id: int = connection.execute(
            insert(_ratings)
            .values(
                operator_id=order.operator_id,
                order_id=order.id,
                score=loaded["score"],
                comment=None if words is None else runtime.keys.seal(words, COMMENT),
                actor=actor.label,
                rated_at=asked_at or now,
                follow_up_on=clock.local_date(now) + CALL_BACK_WITHIN if low else None,
            )
            .returning(_ratings.c.id)
        ).scalar_one()
        to = customer_of(order, runtime.keys)
        key = key_of("rating", rating_id, "received")
        if to is not None:
            tell(connection, runtime, to, "rating_received", key, now, number=order.number)
    return rating_id
