"""Take a place in a slot for an order, and give one back.

Whoever calls holds the lock of the order. Slots are locked after it and in the order of their ids, bookings
after slots: so nobody waits in a circle.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from tracker.problems import Fault, Refusal
from tracker.visits.models import SlotBooking, VisitSlot
from tracker.visits.rules import BookingState, Standing, latest_start, why_not

_slots = VisitSlot.__table__
_bookings = SlotBooking.__table__


@dataclass(frozen=True)
class Booked:
    """A booking that was made, its window, and the former booking that is kept for the order, if one is."""

    booking_id: int
    slot_id: int
    starts_at: datetime
    ends_at: datetime
    kept_id: int | None = None


def book_slot(
    connection: Connection,
    *,
    operator_id: int,
    order_id: int,
    areas: Sequence[str],
    slot_id: int,
    now: datetime,
    keep_former_until: datetime | None = None,
) -> Booked:
    """Book a slot of one of the `areas` for a locked order, in the place of what it had.

    What it had is released, or kept for it where `keep_former_until` says until when. A place that is
    kept for the order itself can be had again, however full or near its slot is by now. Raises Refusal:
    slot.not_found, slot.closed, slot.too_late, slot.full, appointment.no_change for the slot that it has.
    """
    formers = _lock(connection, order_id, also=slot_id)
    live = next((one for one in formers if one.state == BookingState.BOOKED), None)
    if live is not None and live.slot_id == slot_id:
        raise Refusal(Fault("appointment.no_change", "/slot"))
    own = next((one for one in formers if one.slot_id == slot_id), None)
    slot = None if own is None else _window(connection, slot_id, now)
    regained = own if slot is not None else None
    if slot is None:
        slot = _take(connection, operator_id, areas, slot_id, now)
    _let_go(connection, [one for one in formers if one not in (live, regained)], now)
    if live is not None and keep_former_until is not None:
        _set(connection, live.id, state=BookingState.KEPT, kept_until=keep_former_until)
    elif live is not None:
        _let_go(connection, [live], now)
    if regained is not None:
        _set(connection, regained.id, state=BookingState.BOOKED, kept_until=None)
        booking_id = regained.id
    else:
        booking_id = connection.execute(
            insert(_bookings)
            .values(
                operator_id=operator_id,
                slot_id=slot_id,
                order_id=order_id,
                state=BookingState.BOOKED,
                booked_at=now,
            )
            .returning(_bookings.c.id)
        ).scalar_one()
    kept_id = live.id if live is not None and keep_former_until is not None else None
    return Booked(booking_id, slot_id, slot.starts_at, slot.ends_at, kept_id)


def put_back(connection: Connection, order_id: int, booking_id: int | None, now: datetime) -> None:
    """Let a locked order have the booking again that was kept for it, None where it had none, and nothing
    else. Raises Refusal appointment.undo_over for one that is kept no more.
    """
    formers = _lock(connection, order_id)
    wanted = [one for one in formers if one.id == booking_id and one.state == BookingState.KEPT]
    if booking_id is not None and not wanted:
        raise Refusal(Fault("appointment.undo_over"))
    _let_go(connection, [one for one in formers if one not in wanted], now)
    for one in wanted:
        _set(connection, one.id, state=BookingState.BOOKED, kept_until=None)


def release_bookings(connection: Connection, order_id: int, now: datetime) -> None:
    """Give back every place that a locked order has or that is kept for it."""
    _let_go(connection, _lock(connection, order_id), now)


def use_booking(connection: Connection, order_id: int, now: datetime) -> None:
    """The installer has come to a locked order: its booking is used up, and what was kept is released."""
    formers = _lock(connection, order_id)
    _let_go(connection, [one for one in formers if one.state == BookingState.KEPT], now)
    for one in formers:
        if one.state == BookingState.BOOKED:
            _set(connection, one.id, state=BookingState.USED)


def give_back(connection: Connection, slot_ids: Iterable[int]) -> None:
    """Count one place less for each of these, whose slots are locked; one named twice gives two back."""
    for slot_id in slot_ids:
        connection.execute(update(_slots).where(_slots.c.id == slot_id).values(booked=_slots.c.booked - 1))


def lock_slots(connection: Connection, slot_ids: Iterable[int]) -> Sequence[Row[Any]]:
    """Lock slots in the order in which everybody does."""
    wanted = select(_slots.c.id).where(_slots.c.id.in_(set(slot_ids))).order_by(_slots.c.id).with_for_update()
    return connection.execute(wanted).all()


def _lock(connection: Connection, order_id: int, also: int | None = None) -> Sequence[Row[Any]]:
    """The bookings that take a place for an order now, with their slots locked, and another slot too."""
    taking = (BookingState.BOOKED, BookingState.KEPT)
    wanted = (
        select(_bookings.c.id, _bookings.c.slot_id, _bookings.c.state)
        .where(_bookings.c.order_id == order_id, _bookings.c.state.in_(taking))
        .order_by(_bookings.c.id)
    )
    found = connection.execute(wanted).all()
    if not found:
        return found
    lock_slots(connection, {one.slot_id for one in found} | ({also} if also is not None else set()))
    # Read again: while the locks were waited for, what is kept may have been released.
    return connection.execute(wanted).all()


def _take(
    connection: Connection, operator_id: int, areas: Sequence[str], slot_id: int, now: datetime
) -> Row[Any]:
    """Raise the counter where a place is free: one statement, so that one place has one winner."""
    own = (_slots.c.id == slot_id, _slots.c.operator_id == operator_id, _slots.c.area_code.in_(areas))
    taken = connection.execute(
        update(_slots)
        .where(
            *own,
            _slots.c.closed_at.is_(None),
            _slots.c.starts_at > latest_start(now),
            _slots.c.booked < _slots.c.capacity,
        )
        .values(booked=_slots.c.booked + 1)
        .returning(_slots.c.starts_at, _slots.c.ends_at)
    ).one_or_none()
    if taken is not None:
        return taken
    columns = (_slots.c.starts_at, _slots.c.capacity, _slots.c.booked, _slots.c.closed_at)
    found = connection.execute(select(*columns).where(*own)).one_or_none()
    if found is None:
        raise Refusal(Fault("slot.not_found", "/slot"))
    # Free again by now: its last place was given back after somebody else had it.
    raise Refusal(Fault(why_not(Standing(*found), now) or "slot.full", "/slot"))


def _window(connection: Connection, slot_id: int, now: datetime) -> Row[Any] | None:
    """The window of a slot in which a place is kept for the order; None once it has begun."""
    columns = (_slots.c.starts_at, _slots.c.ends_at)
    return connection.execute(
        select(*columns).where(_slots.c.id == slot_id, _slots.c.starts_at > now)
    ).one_or_none()


def _let_go(connection: Connection, bookings: Iterable[Row[Any]], now: datetime) -> None:
    released = list(bookings)
    for one in released:
        _set(connection, one.id, state=BookingState.RELEASED, kept_until=None, released_at=now)
    give_back(connection, [one.slot_id for one in released])


def _set(connection: Connection, booking_id: int, **values: object) -> None:
    connection.execute(update(_bookings).where(_bookings.c.id == booking_id).values(**values))
