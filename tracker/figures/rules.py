"""Periods that on-time figures are told for, and how orders are counted in them: pure decisions.

**Gross** (毛): orders whose first promise was due in the period, and how many of them were connected by
it; nothing is left out. **Net** (净): orders whose promise as it stands since, after holds and new dates, was
due in the period, less those that the customer withdrew by then, and those that came late for a recorded
reason that is not the operator's doing. Whatever was not connected by its deadline is late, finished or not.
`tracker.figures.facts` says the same to the database.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from tracker import clock

# [ours] A rate of fewer orders says more of chance than of an operator.
LEAST_SAMPLE = 30
# [ours] Installers' phones that were out of reach have told of the last day of a period by then.
SETTLES_AFTER = timedelta(days=3)
MONTHS_SHOWN = 12
HALVES_SHOWN = 2

# The key of orders that their customers withdrew; others are codes of reasons.
WITHDRAWN = "withdrawn"


class PeriodKind(StrEnum):
    """A calendar month, or half a year as it is reported (每半年度)."""

    MONTH = "month"
    HALF = "half"


@dataclass(frozen=True)
class Period:
    """A period of the city's calendar, by its first day."""

    kind: PeriodKind
    starts_on: date

    @property
    def next_starts_on(self) -> date:
        """The first day after it."""
        return _months_later(self.starts_on, 1 if self.kind is PeriodKind.MONTH else 6)

    @property
    def ends_on(self) -> date:
        """Its last day."""
        return self.next_starts_on - timedelta(days=1)

    @property
    def months(self) -> tuple["Period", ...]:
        """The months that it is made of."""
        count = 1 if self.kind is PeriodKind.MONTH else 6
        return tuple(Period(PeriodKind.MONTH, _months_later(self.starts_on, step)) for step in range(count))

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """A deadline lies in it if it is later than the first and not later than the second.

        A day's 24:00 is the midnight that the next one begins with, and belongs to the day that ends.
        """
        first, last = (_midnight(day) for day in (self.starts_on, self.next_starts_on))
        return first, last

    def is_settled(self, now: datetime) -> bool:
        """Whether it is over, and what happened in it has been told."""
        return now >= self.bounds[1] + SETTLES_AFTER


@dataclass(frozen=True)
class Counts:
    """Orders due and on time by the first promise, the same net, and what net leaves out by reason."""

    due: int = 0
    on_time: int = 0
    net_due: int = 0
    net_on_time: int = 0
    removed: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, removed: str | None, due: int, on_time: int, net_due: int, net_on_time: int) -> "Counts":
        """The counts of orders of which all stay in the net figure, or all are `removed` for one reason."""
        if not removed:
            return cls(due, on_time, net_due, net_on_time)
        return cls(due, on_time, removed={removed: net_due} if net_due else {})

    def __add__(self, other: "Counts") -> "Counts":
        removed = Counter(self.removed)
        removed.update(other.removed)
        return Counts(
            self.due + other.due,
            self.on_time + other.on_time,
            self.net_due + other.net_due,
            self.net_on_time + other.net_on_time,
            dict(removed),
        )


def total(counts: Iterable[Counts]) -> Counts:
    """All of them together."""
    return sum(counts, Counts())


def suffices(sample: int) -> bool:
    """Whether a rate of so many orders may be told."""
    return sample >= LEAST_SAMPLE


def months_told(now: datetime) -> list[Period]:
    """The latest settled months, the earliest first."""
    return _latest(PeriodKind.MONTH, MONTHS_SHOWN, now)


def halves_told(now: datetime) -> list[Period]:
    """The latest settled half-years, the earliest first."""
    return _latest(PeriodKind.HALF, HALVES_SHOWN, now)


def period_of(kind: PeriodKind, day: date) -> Period:
    """The period that a day of the city lies in."""
    month = day.month if kind is PeriodKind.MONTH else (1 if day.month <= 6 else 7)
    return Period(kind, date(day.year, month, 1))


def _latest(kind: PeriodKind, count: int, now: datetime) -> list[Period]:
    step = 1 if kind is PeriodKind.MONTH else 6
    period = period_of(kind, clock.local_date(now))
    while not period.is_settled(now):
        period = Period(kind, _months_later(period.starts_on, -step))
    return [Period(kind, _months_later(period.starts_on, -step * back)) for back in reversed(range(count))]


def _months_later(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), clock.CITY_ZONE)
