"""Holds (缓装): stretches in which the promise's clock stands still, and what they give back.

A limit in hours gets the exact time back. A limit in days gets back each day that was held from its
00:00 to its 24:00: a hold that begins and ends within a working day takes none of it away, and one that
lies over rest days gives no working day back. Overlapping holds count once.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from tracker import clock

_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Hold:
    """From `starts_at` up to, but not including, `ends_at`; both aware."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class HeldDays:
    """Days of the city, `first` to `last`, each held from 00:00 to 24:00."""

    first: date
    last: date


def merged(holds: Iterable[Hold]) -> list[Hold]:
    """The holds in order of time, those that overlap or touch made one, empty ones left out."""
    joined: list[Hold] = []
    for hold in sorted(holds):
        if hold.ends_at <= hold.starts_at:
            continue
        if joined and hold.starts_at <= joined[-1].ends_at:
            joined[-1] = Hold(joined[-1].starts_at, max(joined[-1].ends_at, hold.ends_at))
        else:
            joined.append(hold)
    return joined


def held_days(holds: Iterable[Hold]) -> list[HeldDays]:
    """The whole days that the holds cover, stretch by stretch."""
    found = []
    for hold in merged(holds):
        starts, ends = clock.local(hold.starts_at), clock.local(hold.ends_at)
        first = starts.date() if starts.time() == time(0) else starts.date() + _DAY
        last = ends.date() - _DAY
        if first <= last:
            found.append(HeldDays(first, last))
    return found


def push_instant(from_: datetime, deadline: datetime, holds: Iterable[Hold]) -> tuple[datetime, timedelta]:
    """A deadline whose clock runs from `from_` by the second, put off by the time held; and that time."""
    given_back = timedelta(0)
    for hold in merged(holds):
        starts_at = max(hold.starts_at, from_)
        if starts_at >= deadline + given_back:
            break
        given_back += max(hold.ends_at - starts_at, timedelta(0))
    return deadline + given_back, given_back


def push_day(
    from_: date,
    last: date,
    holds: Iterable[Hold],
    count: Callable[[date, date], int],
    add: Callable[[date, int], date],
) -> tuple[date, tuple[HeldDays, ...]]:
    """A last day, counted from the day after `from_`, put off by the whole days held; and those.

    `count(first, last)` says how many days of a stretch would have been counted, `add(day, n)` is the
    n-th such day after `day`. Takes a step for each hold, none for each day.
    """
    given_back = []
    for days in held_days(holds):
        first = max(days.first, from_ + _DAY)
        if days.last < first:
            continue
        if first > last:
            break
        lost = count(first, days.last)
        if lost:
            last = add(last, lost)
            given_back.append(HeldDays(first, days.last))
    return last, tuple(given_back)
