"""Close slots, as for a storm or a team that is ill, and open them again."""

from collections.abc import Collection

from sqlalchemy import update

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.visits.history import SLOTS, record, to_change
from tracker.visits.rules import Change


def close_slots(
    db: Database, operator_id: int, slot_ids: Collection[int], reason: str, actor: str
) -> tuple[int, int]:
    """Take no more bookings in these slots; returns how many were open, and how many visits are booked in
    them, which stay. Raises Refusal: slot.not_found, slot.already_closed where none was open.
    """
    now = clock.now()
    with db.transaction() as connection:
        rows = [row for row in to_change(connection, operator_id, slot_ids) if row.closed_at is None]
        if not rows:
            raise Refusal(Fault("slot.already_closed"))
        ids = [row.id for row in rows]
        connection.execute(update(SLOTS).where(SLOTS.c.id.in_(ids)).values(closed_at=now))
        record(connection, operator_id, Change.CLOSED, ids, actor, now, reason=reason)
    return len(rows), sum(row.booked for row in rows)


def reopen_slots(db: Database, operator_id: int, slot_ids: Collection[int], actor: str) -> int:
    """Take bookings again; returns how many were closed.

    Raises Refusal: slot.not_found, slot.not_closed where none was.
    """
    now = clock.now()
    with db.transaction() as connection:
        ids = [row.id for row in to_change(connection, operator_id, slot_ids) if row.closed_at is not None]
        if not ids:
            raise Refusal(Fault("slot.not_closed"))
        connection.execute(update(SLOTS).where(SLOTS.c.id.in_(ids)).values(closed_at=None))
        record(connection, operator_id, Change.REOPENED, ids, actor, now)
    return len(ids)
