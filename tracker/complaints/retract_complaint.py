"""Take a complaint back, as whoever complained wishes."""

from tracker import clock
from tracker.complaints.history import change, to_change
from tracker.complaints.rules import State
from tracker.complaints.telling import complainant_of, key_of, tell
from tracker.notices.cancel_one import cancel_one
from tracker.orders.actor import Actor
from tracker.orders.locking import lock_order
from tracker.runtime import Runtime


def retract_complaint(runtime: Runtime, actor: Actor, number: str, complaint_id: int) -> None:
    """Retract an open complaint about this order; it stays on record.

    Where the text that it was received has not gone out, none of either is sent. Raises Refusal:
    order.not_found, complaint.not_found, complaint.ended.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, None)
        complaint = to_change(connection, actor, complaint_id, None, order_id=order.id)
        change(
            connection,
            runtime.keys,
            actor,
            complaint,
            "retracted",
            now,
            state=State.RETRACTED,
            next_on=None,
            ended_at=now,
        )
        received = key_of("complaint", complaint.id, "received")
        if cancel_one(connection, received, "the complaint was taken back", now):
            return
        to = complainant_of(connection, complaint, runtime.keys)
        if to is not None:
            key = key_of("complaint", complaint.id, "retracted")
            tell(connection, runtime, to, "complaint_retracted", key, now, complaint=complaint.number)
