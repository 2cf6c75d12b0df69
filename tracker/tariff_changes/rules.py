"""When warnings leave, who was told in time, and what a subscriber pays on a day: pure decisions."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from tracker import clock
from tracker.notices.rules import WINDOW_CLOSES, WINDOW_OPENS, send_from
from tracker.tariffs.rules import ChangeKind, earliest_effective_on, latest_notice_on, warn_from

# [ours] The first texts have left so many days before the latest notice day, so that what does not arrive
# can be tried again and then be told by a call.
RESERVE = timedelta(days=7)
# [ours] More on one day only where there are too few days: customers call back, and hotlines have ends.
A_DAY = 20_000


def _seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second


# The seconds of a day within which texts leave.
WINDOW = _seconds(WINDOW_CLOSES) - _seconds(WINDOW_OPENS)


@dataclass(frozen=True)
class Spread:
    """When the texts of a change leave: evenly over `days` send windows.

    `opens_at` is the beginning of the first window, aware UTC; `skip` how many of its seconds are over.
    """

    opens_at: datetime
    skip: int
    days: int

    @classmethod
    def beginning(cls, first: datetime, days: int) -> "Spread":
        """Over so many windows, of which the first is under way at `first`."""
        opens_at = _opening(clock.local_date(first))
        return cls(opens_at, int((first - opens_at).total_seconds()), days)

    @property
    def span(self) -> int:
        """How many seconds of windows there are."""
        return self.days * WINDOW - self.skip

    def at(self, chance: float) -> datetime:
        """When one leaves that is so far (0 to 1) along the way."""
        day, second = divmod(self.skip + int(chance * self.span), WINDOW)
        return self.opens_at + timedelta(days=day, seconds=second)


def spread(effective_on: date, count: int, now: datetime, per_day: float | None = None) -> Spread:
    """How `count` texts about a change on `effective_on` are to leave from `now` on.

    They begin 45 days before it, or now, and leave as few as may be on one day, yet a week is kept for what
    does not arrive. `per_day`: the most that the providers take in one window.
    """
    start = max(now, _opening(warn_from(effective_on)))
    first = send_from(start, any_hour=False)
    last = max(latest_notice_on(effective_on) - RESERVE, clock.local_date(first))
    available = (last - clock.local_date(first)).days + 1
    wanted = min(available, max(1, math.ceil(count / A_DAY)))
    needed = math.ceil(count / per_day) if per_day else 1
    return Spread.beginning(first, max(wanted, needed))


def _opening(day: date) -> datetime:
    return datetime.combine(day, WINDOW_OPENS, clock.CITY_ZONE).astimezone(UTC)


class Told(StrEnum):
    """How one affected subscriber stands."""

    ON_TIME = "on_time"
    LATE = "late"
    WAITING = "waiting"  # not told yet, and it is not too late
    NOT_REACHED = "not_reached"  # not told, and it is too late for the day that was meant


def how_told(told_on: date | None, effective_on: date, today: date) -> Told:
    """By the day on which a warning demonstrably arrived."""
    latest = latest_notice_on(effective_on)
    if told_on is not None:
        return Told.ON_TIME if told_on <= latest else Told.LATE
    return Told.WAITING if today <= latest else Told.NOT_REACHED


@dataclass(frozen=True)
class Step:
    """A change of one subscriber's price, and the day on which they were told of it, if they were."""

    change_id: int
    kind: ChangeKind
    new_fen: int
    effective_on: date
    told_on: date | None

    @property
    def begins_on(self) -> date | None:
        """The first day of the new price: a whole month after they were told; None while they are not."""
        if self.told_on is None:
            return None
        return max(self.effective_on, earliest_effective_on(self.told_on))


@dataclass(frozen=True)
class Price:
    """What a subscriber pays on a day: the price agreed at first, or the one that a step brought.

    `held_back`: steps that were meant to have begun by then and have not, as a month has not run out since
    they were told, or they were not told at all. `ahead`: steps that are to come.
    """

    fen: int
    by: Step | None
    held_back: tuple[Step, ...]
    ahead: tuple[Step, ...]


def price_on(agreed_fen: int, steps: Iterable[Step], day: date) -> Price:
    """The price on a day, in fen a month: that of the latest change that has begun for the subscriber."""
    ordered: Sequence[Step] = sorted(steps, key=lambda step: (step.effective_on, step.change_id))
    begun = [step for step in ordered if step.begins_on is not None and step.begins_on <= day]
    by = begun[-1] if begun else None
    later = ordered[ordered.index(by) + 1 :] if by is not None else ordered
    return Price(
        fen=agreed_fen if by is None else by.new_fen,
        by=by,
        held_back=tuple(step for step in later if step.effective_on <= day),
        ahead=tuple(step for step in later if step.effective_on > day),
    )
