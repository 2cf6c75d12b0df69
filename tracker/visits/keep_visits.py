"""Release the places of former visits that were kept long enough."""

from sqlalchemy import select, update

from tracker import clock
from tracker.db import Database
from tracker.visits.book_slot import give_back, lock_slots
from tracker.visits.models import SlotBooking
from tracker.visits.rules import BookingState

_bookings = SlotBooking.__table__
_CHUNK = 200


def keep_visits(db: Database) -> int:
    """Release what is past its time; returns how many.

    In small transactions, so that whoever books waits little.
    """
    total = 0
    while True:
        due, released = _release_some(db)
        total += released
        if due < _CHUNK:
            return total


def _release_some(db: Database) -> tuple[int, int]:
    """How many were due, and how many were released."""
    now = clock.now()
    over = (_bookings.c.state == BookingState.KEPT, _bookings.c.kept_until <= now)
    with db.transaction() as connection:
        due = connection.execute(
            select(_bookings.c.id, _bookings.c.slot_id)
            .where(*over)
            .order_by(_bookings.c.kept_until)
            .limit(_CHUNK)
        ).all()
        if not due:
            return 0, 0
        lock_slots(connection, {one.slot_id for one in due})
        # Whoever changed their mind meanwhile has theirs back.
        released = connection.execute(
            update(_bookings)
            .where(_bookings.c.id.in_([one.id for one in due]), *over)
            .values(state=BookingState.RELEASED, kept_until=None, released_at=now)
            .returning(_bookings.c.slot_id)
        ).all()
        give_back(connection, [one.slot_id for one in released])
    return len(due), len(released)
