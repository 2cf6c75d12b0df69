"""The city's longest limits (全市最长时限): whether a rule could ever promise later than one allows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from tracker import clock
from tracker.promises.calendar import CalendarRangeError, WorkingCalendar
from tracker.promises.deadline import deadline
from tracker.promises.rules import ANY, Rule

# A year holds every holiday: what is not later on any of its days is not later.
_YEAR = 366
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Beyond:
    """An acceptance for which a rule promises later than the ceiling allows; `promised` is None where that
    lies past the calendar's years.
    """

    accepted_at: datetime
    promised: datetime | None
    allowed: datetime


def meets(rule: Rule, other: Rule) -> bool:
    """Whether an order can exist that both cover, whenever they are in force."""
    return rule.customer_kind == other.customer_kind and all(
        mine == theirs or ANY in (mine, theirs)
        for mine, theirs in (
            (rule.product, other.product),
            (rule.area, other.area),
            (rule.resource, other.resource),
        )
    )


def first_beyond(rule: Rule, ceiling: Rule, calendar: WorkingCalendar, start: date) -> Beyond | None:
    """The first acceptance in the year from `start` that the rule promises later than the ceiling.

    Two limits of different units, or with another cut-off, compare on no other ground than the days that
    come of them. Tried on every day: early, at the cut-off, a minute after it, and at the day's end.
    """
    for accepted_at in _moments(rule, start):
        allowed = deadline(ceiling, accepted_at, calendar).at
        try:
            promised = deadline(rule, accepted_at, calendar).at
        except CalendarRangeError:
            return Beyond(accepted_at, None, allowed)
        if promised > allowed:
            return Beyond(accepted_at, promised, allowed)
    return None


def _moments(rule: Rule, start: date) -> Iterator[datetime]:
    times = [time(0, 1), time(23, 59)]
    if rule.cut_off is not None:
        after = datetime.combine(start, rule.cut_off) + _MINUTE
        times += [rule.cut_off, after.time()]
    for offset in range(_YEAR):
        for at in sorted(times):
            yield datetime.combine(start + timedelta(days=offset), at, clock.CITY_ZONE)
