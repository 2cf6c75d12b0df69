"""Give slots another capacity."""

from collections.abc import Collection

from sqlalchemy import update

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.visits.history import SLOTS, record, to_change
from tracker.visits.rules import Change


def change_capacity(
    db: Database, operator_id: int, slot_ids: Collection[int], capacity: int, actor: str
) -> int:
    """Let each of these slots have room for so many visits; returns how many had another.

    Raises Refusal: slot.not_found, slot.below_booked with the most that are booked in one of them.
    """
    now = clock.now()
    with db.transaction() as connection:
        rows = to_change(connection, operator_id, slot_ids)
        most = max(row.booked for row in rows)
        if capacity < most:
            raise Refusal(Fault("slot.below_booked", "/capacity", {"booked": most}))
        changed = [row.id for row in rows if row.capacity != capacity]
        if changed:
            connection.execute(update(SLOTS).where(SLOTS.c.id.in_(changed)).values(capacity=capacity))
            detail = {"capacity": capacity}
            record(connection, operator_id, Change.CAPACITY, changed, actor, now, detail=detail)
    return len(changed)
