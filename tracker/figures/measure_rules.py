"""What is measured of orders besides the on-time rate, and how it is put in figures: pure decisions.

`tracker.figures.measured_orders` says the same to the database, `tracker.figures.definitions` to readers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tracker.orders.rules import Cause

# [ours] Times are told in quarters of an hour up to here, and in whole hours beyond.
FINE_UNTIL = 12 * 3600
QUARTER, QUARTERS_AN_HOUR = 900, 4

# How causes are stored in sums.
CAUSES = {
    1: Cause.CUSTOMER,
    2: Cause.FRONT_OFFICE,
    3: Cause.NETWORK,
    4: Cause.CONSTRUCTION,
    5: Cause.THIRD_PARTY,
    6: Cause.FORCE_MAJEURE,
    7: Cause.OTHER,
}


class What(StrEnum):
    """One thing that an order adds to figures, on the day on which it happened."""

    CONNECTED = "connected"
    RESPONDED = "responded"
    COMPLETED = "completed"
    RETURNED = "returned"
    VISIT = "visit"
    OPEN = "open"


# Those whose length is told.
LENGTHS = (What.CONNECTED, What.RESPONDED)


class Which(StrEnum):
    """What is behind a figure: see `tracker.figures.measures.behind_measured`."""

    CONNECTED = "connected"
    SECOND_VISIT = "second_visit"
    RESPONDED = "responded"
    COMPLETED = "completed"
    RETURNED = "returned"
    ENDED = "ended"
    VISITS_DUE = "visits_due"
    VISITS_MISSED = "visits_missed"
    OPEN = "open"


# Those that are of visits, of which an order may have several.
OF_VISITS = (Which.VISITS_DUE, Which.VISITS_MISSED)


def quarters(seconds: int) -> int:
    """A length of time as it is told, in quarters of an hour: rounded up to the next quarter within the first
    12 hours, to the next hour beyond.

    So that a median of 31 hours says that half of the orders were done within 31 hours: rounding up keeps the
    order of lengths, so the nearest rank of what is rounded is the rounded nearest rank.
    """
    if seconds <= FINE_UNTIL:
        return -(-seconds // QUARTER)
    return -(-seconds // (QUARTER * QUARTERS_AN_HOUR)) * QUARTERS_AN_HOUR


@dataclass(frozen=True)
class Spread:
    """How long something took, in hours; None where nothing was counted.

    The mean is exact to the second. Median and P90 are nearest ranks, told as `quarters` says.
    """

    count: int = 0
    mean_hours: float | None = None
    median_hours: float | None = None
    p90_hours: float | None = None

    @classmethod
    def of(cls, count: int, seconds: int, median: int, p90: int) -> "Spread":
        """Of a sum of seconds, and ranks in quarters of an hour."""
        if not count:
            return cls()
        return cls(count, seconds / count / 3600, median / QUARTERS_AN_HOUR, p90 / QUARTERS_AN_HOUR)


@dataclass(frozen=True)
class Measures:
    """What was measured in a period of `days` days of the city's calendar, those to come left out.

    `durations`: acceptance to connection, of orders connected in it. `first_response`: acceptance to the
    first agreed visit, of orders whose first response was in it. `visits_due`: agreed visits whose time ended
    in it and that stood then; `visits_kept`: those of them for which somebody came in time. `connected`, and
    `connected_first_visit` with one visit on site. `returned` (退单) by the cause of the reason; `ended`:
    connected or returned. `open_now`: neither connected nor ended, whenever accepted; None where figures are
    split by time. `completed` (竣工).
    """

    durations: Spread = Spread()
    first_response: Spread = Spread()
    visits_due: int = 0
    visits_kept: int = 0
    connected: int = 0
    connected_first_visit: int = 0
    ended: int = 0
    returned: Mapping[Cause, int] = field(default_factory=dict)
    open_now: int | None = 0
    completed: int = 0
    days: int = 0

    @property
    def visits_kept_rate(self) -> float | None:
        """履约率; None where no visit was due."""
        return _share(self.visits_kept, self.visits_due)

    @property
    def first_visit_rate(self) -> float | None:
        """一次成功率; None where no order was connected."""
        return _share(self.connected_first_visit, self.connected)

    @property
    def return_rate(self) -> float | None:
        """退单率; None where no order ended."""
        return _share(sum(self.returned.values()), self.ended)

    def return_rate_by(self, cause: Cause) -> float | None:
        """The part of the return rate that is of one cause."""
        return _share(self.returned.get(cause, 0), self.ended)

    @property
    def backlog_ratio(self) -> float | None:
        """压单比: how many days of completing, as in the period, the open orders are; None where none was."""
        if self.open_now is None or not self.completed or not self.days:
            return None
        return self.open_now / (self.completed / self.days)


@dataclass(frozen=True)
class Tally:
    """How often something is in the figures, how often it went well (connected by one visit, a visit kept),
    and the lengths that it took: their sum in seconds, ranks in quarters of an hour. `cause` is that of what
    was returned.
    """

    what: What
    cause: int
    count: int
    good: int
    seconds: int
    median: int
    p90: int


def measures_of(tallies: Iterable[Tally], days: int, *, by_time: bool) -> Measures:
    """The figures that these tallies make, each thing told once, returns once for a cause."""
    counts, good = dict.fromkeys(What, 0), dict.fromkeys(What, 0)
    spreads = dict.fromkeys(LENGTHS, Spread())
    returned: dict[Cause, int] = {}
    for one in tallies:
        counts[one.what] += one.count
        good[one.what] += one.good
        if one.what is What.RETURNED:
            returned[CAUSES[one.cause]] = one.count
        elif one.what in spreads:
            spreads[one.what] = Spread.of(one.count, one.seconds, one.median, one.p90)
    return Measures(
        durations=spreads[What.CONNECTED],
        first_response=spreads[What.RESPONDED],
        visits_due=counts[What.VISIT],
        visits_kept=good[What.VISIT],
        connected=counts[What.CONNECTED],
        connected_first_visit=good[What.CONNECTED],
        ended=counts[What.CONNECTED] + counts[What.RETURNED],
        returned=returned,
        open_now=None if by_time else counts[What.OPEN],
        completed=counts[What.COMPLETED],
        days=days,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
