"""Reads of slots: what is free for an address, and what an operator's staff see of a week."""

from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.sql.elements import ColumnElement

from tracker import clock
from tracker.visits.models import SlotBooking, VisitSlot, VisitSlotChange
from tracker.visits.rules import OFFERED_DAYS, TAKES_A_PLACE, latest_start

_slots = VisitSlot.__table__
_bookings = SlotBooking.__table__
_changes = VisitSlotChange.__table__


def free_slots(
    connection: Connection, operator_id: int, area_codes: Collection[str], now: datetime
) -> Sequence[Row[Any]]:
    """Slots that an address in these areas can book now, soonest first: `id`, `area_code`, `starts_at`,
    `ends_at`, and how many places are `free`.

    `area_codes` are the town and the county of the address (`rules.areas_of`). Of the same window in both
    the town's is told, or the county's once that is full. Reads only what the public site may read.
    """
    last_day = clock.local_date(now) + timedelta(days=OFFERED_DAYS)
    until = datetime.combine(last_day, time(0), clock.CITY_ZONE)
    free = (
        select(
            _slots.c.id,
            _slots.c.area_code,
            _slots.c.starts_at,
            _slots.c.ends_at,
            (_slots.c.capacity - _slots.c.booked).label("free"),
        )
        .where(
            _slots.c.operator_id == operator_id,
            _slots.c.area_code.in_(area_codes),
            _slots.c.starts_at > latest_start(now),
            _slots.c.starts_at < until,
            _slots.c.closed_at.is_(None),
            _slots.c.booked < _slots.c.capacity,
        )
        .ext(distinct_on(_slots.c.starts_at, _slots.c.ends_at))
        .order_by(_slots.c.starts_at, _slots.c.ends_at, func.length(_slots.c.area_code).desc())
    )
    return connection.execute(free).all()


def booked_slot(connection: Connection, order_id: int) -> int | None:
    """The slot that an order has booked; None where its visit was agreed without one."""
    return connection.scalar(
        select(_bookings.c.slot_id).where(_bookings.c.order_id == order_id, _bookings.c.state == "booked")
    )


def slots_between(
    connection: Connection, operator_id: int, area_codes: Collection[str], begin: datetime, end: datetime
) -> Sequence[Row[Any]]:
    """Every slot of an operator in these areas that begins in a stretch of time, by area and time."""
    wanted = (
        select(_slots)
        .where(
            _slots.c.operator_id == operator_id,
            _slots.c.area_code.in_(area_codes),
            *_within(begin, end),
        )
        .order_by(_slots.c.area_code, _slots.c.starts_at, _slots.c.ends_at)
    )
    return connection.execute(wanted).all()


def areas_with_slots(connection: Connection, operator_id: int, begin: datetime, end: datetime) -> list[str]:
    """The areas in which an operator has slots that begin in a stretch of time, by code."""
    wanted = (
        select(_slots.c.area_code)
        .where(_slots.c.operator_id == operator_id, *_within(begin, end))
        .distinct()
        .order_by(_slots.c.area_code)
    )
    return list(connection.scalars(wanted))


def free_places(
    connection: Connection, operator_id: int, begin: datetime, end: datetime, now: datetime
) -> dict[str, int]:
    """How many more visits could be booked now in slots that begin in a stretch of time, by area."""
    wanted = (
        select(_slots.c.area_code, func.sum(_slots.c.capacity - _slots.c.booked))
        .where(
            _slots.c.operator_id == operator_id,
            _slots.c.closed_at.is_(None),
            _slots.c.starts_at > latest_start(now),
            *_within(begin, end),
        )
        .group_by(_slots.c.area_code)
    )
    return {area: int(free) for area, free in connection.execute(wanted)}


def order_ids_of(connection: Connection, slot_ids: Collection[int]) -> dict[int, list[int]]:
    """Of each slot, the orders that take a place in it, the first to book first."""
    wanted = (
        select(_bookings.c.slot_id, _bookings.c.order_id)
        .where(_bookings.c.slot_id.in_(slot_ids), _bookings.c.state.in_(TAKES_A_PLACE))
        .order_by(_bookings.c.id)
    )
    found: dict[int, list[int]] = {slot_id: [] for slot_id in slot_ids}
    for row in connection.execute(wanted):
        found[row.slot_id].append(row.order_id)
    return found


def changes_of(
    connection: Connection, operator_id: int, slot_ids: Collection[int], limit: int
) -> Sequence[Row[Any]]:
    """What was done to any of these slots, the latest first."""
    wanted = (
        select(_changes)
        .where(_changes.c.operator_id == operator_id, _changes.c.slot_ids.overlap(list(slot_ids)))
        .order_by(_changes.c.id.desc())
        .limit(limit)
    )
    return connection.execute(wanted).all()


def _within(begin: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    return _slots.c.starts_at >= begin, _slots.c.starts_at < end
