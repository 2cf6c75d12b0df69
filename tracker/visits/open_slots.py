"""Open slots by a pattern: areas × days × windows, so many visits in each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, text, update

from tracker import clock
from tracker.db import Database
from tracker.places.models import Division
from tracker.problems import Fault, Refusal
from tracker.visits.history import SLOTS, record
from tracker.visits.rules import Change, Pattern, pattern_faults

# Held until the commit: two presses of one button must see each other.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('visit slots', :operator))")
_AREAS = ("county", "town")

Key = tuple[str, datetime, datetime]


@dataclass(frozen=True)
class Opening:
    """What a pattern comes to, in slots: those that are new, those that get another capacity, those of
    which more are booked than that and which stay at what is booked, those that stand as they are to, those
    that are closed and stay so, and those that would have begun by now.
    """

    opened: int = 0
    changed: int = 0
    held: int = 0
    same: int = 0
    closed: int = 0
    begun: int = 0

    @property
    def alters(self) -> bool:
        """Whether anything would be different."""
        return bool(self.opened or self.changed or self.held)


@dataclass(frozen=True)
class _Plan:
    new: Sequence[Key]
    capacities: Sequence[tuple[int, int]]
    opening: Opening


def preview_slots(db: Database, operator_id: int, pattern: Pattern) -> Opening:
    """What `open_slots` would do now. Raises Refusal with every rule that the pattern breaks."""
    now = clock.now()
    with db.transaction() as connection:
        return _plan(connection, operator_id, pattern, now).opening


def open_slots(db: Database, operator_id: int, pattern: Pattern, actor: str) -> Opening:
    """Open the slots of a pattern that are not there, and let the others have its capacity.

    Safe to repeat. No capacity comes to stand below what is booked: such a slot takes no more bookings.
    Raises Refusal with every rule that the pattern breaks.
    """
    now = clock.now()
    with db.transaction() as connection:
        connection.execute(_LOCK, {"operator": operator_id})
        plan = _plan(connection, operator_id, pattern, now)
        ids: list[int] = []
        if plan.new:
            rows = [
                {
                    "operator_id": operator_id,
                    "area_code": area,
                    "starts_at": starts_at,
                    "ends_at": ends_at,
                    "capacity": pattern.capacity,
                }
                for area, starts_at, ends_at in plan.new
            ]
            ids += connection.scalars(insert(SLOTS).returning(SLOTS.c.id), rows).all()
        for slot_id, capacity in plan.capacities:
            connection.execute(
                update(SLOTS)
                .where(SLOTS.c.id == slot_id)
                # Whoever booked since must still have their place.
                .values(capacity=func.greatest(capacity, SLOTS.c.booked))
            )
        ids += [slot_id for slot_id, _ in plan.capacities]
        if ids:
            record(connection, operator_id, Change.OPENED, sorted(ids), actor, now, detail=_written(pattern))
    return plan.opening


def _plan(connection: Connection, operator_id: int, pattern: Pattern, now: datetime) -> _Plan:
    _check(connection, pattern, now)
    standing = {
        (row.area_code, row.starts_at, row.ends_at): row
        for row in _standing(connection, operator_id, pattern)
    }
    new: list[Key] = []
    capacities: list[tuple[int, int]] = []
    changed = held = same = closed = begun = 0
    for key in _keys(pattern):
        row = standing.get(key)
        if key[1] <= now:
            begun += 1
        elif row is None:
            new.append(key)
        elif row.closed_at is not None:
            closed += 1
        elif max(pattern.capacity, row.booked) == row.capacity:
            same += 1
        else:
            capacities.append((row.id, max(pattern.capacity, row.booked)))
            held += row.booked > pattern.capacity
            changed += row.booked <= pattern.capacity
    return _Plan(new, capacities, Opening(len(new), changed, held, same, closed, begun))


def _check(connection: Connection, pattern: Pattern, now: datetime) -> None:
    known = connection.scalars(
        select(Division.code).where(Division.code.in_(pattern.areas), Division.level.in_(_AREAS))
    ).all()
    faults = pattern_faults(pattern, clock.local_date(now))
    unknown = sorted(set(pattern.areas) - set(known))
    faults += [Fault("slot.unknown_area", "/areas", {"code": code}) for code in unknown]
    if faults:
        raise Refusal(*faults)


def _keys(pattern: Pattern) -> Iterator[Key]:
    for area in sorted(set(pattern.areas)):
        for day in pattern.days():
            for window in sorted(set(pattern.windows)):
                yield (area, *window.on(day))


def _standing(connection: Connection, operator_id: int, pattern: Pattern) -> Sequence[Row[Any]]:
    """The slots of these areas that are there, from the first day to the last."""
    days = pattern.days()
    moments = [window.on(day) for day in (days[0], days[-1]) for window in pattern.windows]
    wanted = (
        select(SLOTS)
        .where(
            SLOTS.c.operator_id == operator_id,
            SLOTS.c.area_code.in_(pattern.areas),
            SLOTS.c.starts_at >= min(starts_at for starts_at, _ in moments),
            SLOTS.c.starts_at <= max(starts_at for starts_at, _ in moments),
        )
        .order_by(SLOTS.c.id)
    )
    return connection.execute(wanted).all()


def _written(pattern: Pattern) -> dict[str, Any]:
    return {
        "areas": sorted(set(pattern.areas)),
        "first_on": pattern.first_on.isoformat(),
        "last_on": pattern.last_on.isoformat(),
        "weekdays": sorted(pattern.weekdays),
        "windows": [one.code for one in sorted(set(pattern.windows))],
        "capacity": pattern.capacity,
    }
