"""Take a rating back, as the customer wishes."""

from datetime import datetime

from sqlalchemy import select, update

from tracker import clock
from tracker.complaints.models import Rating
from tracker.complaints.rules import RETRACT_WITHIN
from tracker.complaints.telling import customer_of, key_of, tell
from tracker.notices.cancel_one import cancel_one
from tracker.orders.actor import Actor
from tracker.orders.locking import lock_order
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

_ratings = Rating.__table__


def retract_rating(
    runtime: Runtime, actor: Actor, number: str, rating_id: int, *, asked_at: datetime | None = None
) -> None:
    """Take a rating back within RETRACT_WITHIN; the order can then be rated again.

    `asked_at`: when the customer asked for it, if that was before now. Raises Refusal: order.not_found,
    rating.not_found, rating.retracted, rating.retract_late.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, None)
        rating = connection.execute(
            select(_ratings)
            .where(_ratings.c.id == rating_id, _ratings.c.order_id == order.id)
            .with_for_update()
        ).one_or_none()
        if rating is None:
            raise Refusal(Fault("rating.not_found"))
        if rating.retracted_at is not None:
            raise Refusal(Fault("rating.retracted"))
        if (asked_at or now) > rating.rated_at + RETRACT_WITHIN:
            minutes = int(RETRACT_WITHIN.total_seconds()) // 60
            raise Refusal(Fault("rating.retract_late", "", {"minutes": minutes}))
        connection.execute(update(_ratings).where(_ratings.c.id == rating.id).values(retracted_at=now))
        received = key_of("rating", rating.id, "received")
        if cancel_one(connection, received, "the rating was taken back", now):
            return
        to = customer_of(order, runtime.keys)
        key = key_of("rating", rating.id, "retracted")
        if to is not None:
            tell(connection, runtime, to, "rating_retracted", key, now, number=order.number)
