"""Windows of visits, the pattern by which slots are opened, and when one may be booked: pure decisions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise

from tracker import clock
from tracker.problems import Fault


class BookingState(StrEnum):
    """What a booking is worth. All but a released one take a place of their slot."""

    BOOKED = "booked"  # the visit that the order has now
    KEPT = "kept"  # the one it had before: nobody else gets the place until `kept_until`
    USED = "used"  # the installer has come
    RELEASED = "released"


class Change(StrEnum):
    """What managers do to slots."""

    OPENED = "opened"
    CAPACITY = "capacity"
    CLOSED = "closed"
    REOPENED = "reopened"


TAKES_A_PLACE = (BookingState.BOOKED, BookingState.KEPT, BookingState.USED)

# [ours] So long before it begins a slot can be booked: whoever comes must still be told.
LEAD = timedelta(hours=2)
# [ours] Slots of so many days are offered, today among them.
OFFERED_DAYS = 14
# [ours] Beyond this nobody knows who will be at work.
FARTHEST_DAYS = 62
MOST_CAPACITY = 200
MOST_AT_ONCE = 5000

# [ours] Nobody comes to a home earlier or later.
_EARLIEST, _LATEST = time(7), time(22)
_SHORTEST, _LONGEST = timedelta(minutes=30), timedelta(hours=6)
_TOWN_DIGITS, _COUNTY_DIGITS = 9, 6


@dataclass(frozen=True, order=True)
class Window:
    """Hours of a day on the city's clocks."""

    starts: time
    ends: time

    def on(self, day: date) -> tuple[datetime, datetime]:
        """Its instants on a day, aware UTC."""
        starts_at, ends_at = (
            datetime.combine(day, at, clock.CITY_ZONE).astimezone(UTC) for at in (self.starts, self.ends)
        )
        return starts_at, ends_at

    @property
    def code(self) -> str:
        """Its name in forms: "0900-1100"."""
        return f"{self.starts:%H%M}-{self.ends:%H%M}"


# What most operators tell their customers; a pattern may name others.
USUAL_WINDOWS = tuple(
    Window(time(starts), time(ends)) for starts, ends in ((9, 11), (11, 13), (14, 16), (16, 18), (19, 21))
)


@dataclass(frozen=True)
class Pattern:
    """Slots to open: each area, on each day from the first to the last that is one of `weekdays` (Monday is
    1), each window, so many visits at once.
    """

    areas: tuple[str, ...]
    first_on: date
    last_on: date
    weekdays: frozenset[int]
    windows: tuple[Window, ...]
    capacity: int

    def days(self) -> list[date]:
        """Its days, in order."""
        length = (self.last_on - self.first_on).days + 1
        every = (self.first_on + timedelta(days=count) for count in range(length))
        return [day for day in every if day.isoweekday() in self.weekdays]


@dataclass(frozen=True)
class Standing:
    """As much of a slot as decides whether it can be booked."""

    starts_at: datetime
    capacity: int
    booked: int
    closed_at: datetime | None


def areas_of(community_code: str) -> tuple[str, str]:
    """The areas whose slots an address may book: its town's, then its county's.

    By the statistics codes, of which the first nine digits name the town and six the county.
    """
    return community_code[:_TOWN_DIGITS], community_code[:_COUNTY_DIGITS]


def latest_start(now: datetime) -> datetime:
    """A slot can be booked now if it begins after this."""
    return now + LEAD


def why_not(slot: Standing, now: datetime) -> str | None:
    """The rule that stands against booking a slot; None where it is free."""
    if slot.closed_at is not None:
        return "slot.closed"
    if slot.starts_at <= latest_start(now):
        return "slot.too_late"
    return "slot.full" if slot.booked >= slot.capacity else None


def pattern_faults(pattern: Pattern, today: date) -> list[Fault]:
    """What is wrong with a pattern, its areas aside."""
    faults = []
    if pattern.first_on < today:
        faults.append(Fault("slot.day_past", "/first_on"))
    if pattern.last_on < pattern.first_on:
        faults.append(Fault("slot.days_reversed", "/last_on"))
    elif pattern.last_on > today + timedelta(days=FARTHEST_DAYS):
        faults.append(Fault("slot.too_far", "/last_on", {"days": FARTHEST_DAYS}))
    elif not pattern.days():
        faults.append(Fault("slot.no_day", "/weekdays"))
    elif len(pattern.areas) * len(pattern.days()) * len(pattern.windows) > MOST_AT_ONCE:
        faults.append(Fault("slot.too_many", "", {"limit": MOST_AT_ONCE}))
    return faults + _window_faults(pattern.windows)


def _window_faults(windows: Sequence[Window]) -> list[Fault]:
    odd = any(
        not _EARLIEST <= one.starts < one.ends <= _LATEST or not _SHORTEST <= _length(one) <= _LONGEST
        for one in windows
    )
    if odd:
        params = {"earliest": f"{_EARLIEST:%H:%M}", "latest": f"{_LATEST:%H:%M}"}
        return [Fault("slot.window", "/windows", params)]
    return [Fault("slot.windows_overlap", "/windows")] if _overlap(windows) else []


def _length(window: Window) -> timedelta:
    return datetime.combine(date.min, window.ends) - datetime.combine(date.min, window.starts)


def _overlap(windows: Iterable[Window]) -> bool:
    in_order = sorted(windows)
    return any(one.ends > other.starts for one, other in pairwise(in_order))
