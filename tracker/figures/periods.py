"""Periods that a manager asks figures of, and what they are compared with: pure decisions on days.

Weeks begin on Monday (GB/T 7408.1, as ISO 8601). A running period ends today, for what is due later tells
nothing yet; it is compared with as much of the one before.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from tracker import clock

_ONE_DAY = timedelta(days=1)
# Further back than orders are kept with their customers, a slip of the pen is likelier than a question.
MOST_DAYS = 1098
# [ours] What no sum tells is counted order by order: for half a year at most.
MOST_ONE_BY_ONE = 184
# [ours] A trend of more points than these is read by a coarser grain.
MOST_BY_DAY = 124
_MOST_BY_DAY_UNASKED = 31
_MOST_BY_WEEK_UNASKED = 184


class Preset(StrEnum):
    """Periods with a name."""

    TODAY = "today"
    WEEK = "week"
    MONTH = "month"
    LAST_MONTH = "last_month"
    HALF = "half"
    LAST_7 = "last_7"
    LAST_30 = "last_30"


class Comparison(StrEnum):
    """What a period is compared with: the one before it (环比), the same a year ago (同比), nothing."""

    BEFORE = "before"
    YEAR = "year"
    NONE = "none"


class Grain(StrEnum):
    """How long each point of a trend is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Stretch:
    """Stretch of the city's calendar, the last included."""

    first_on: date
    last_on: date

    @property
    def count(self) -> int:
        """How many they are."""
        return (self.last_on - self.first_on).days + 1

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """When its first day begins, and when its last one is over."""
        first, last = (
            datetime.combine(day, time(0), clock.CITY_ZONE)
            for day in (self.first_on, self.last_on + _ONE_DAY)
        )
        return first, last


def named(preset: Preset, today: date) -> Stretch:
    """The days of a period with a name, up to today."""
    if preset is Preset.TODAY:
        return Stretch(today, today)
    if preset is Preset.WEEK:
        return Stretch(monday_of(today), today)
    if preset is Preset.MONTH:
        return Stretch(today.replace(day=1), today)
    if preset is Preset.LAST_MONTH:
        last = today.replace(day=1) - _ONE_DAY
        return Stretch(last.replace(day=1), last)
    if preset is Preset.HALF:
        return Stretch(date(today.year, 1 if today.month <= 6 else 7, 1), today)
    days = 7 if preset is Preset.LAST_7 else 30
    return Stretch(today - (days - 1) * _ONE_DAY, today)


def compared(days: Stretch, comparison: Comparison, preset: Preset | None = None) -> Stretch | None:
    """The days that these are compared with; None where they are not.

    Before whole months come as many months; before what has begun of a week, a month or a half-year, as much
    of the last one, to its end at most; before any other days, as many days.
    """
    if comparison is Comparison.NONE:
        return None
    if comparison is Comparison.YEAR:
        return _months_back(days, 12)
    if preset is Preset.WEEK:
        return Stretch(days.first_on - 7 * _ONE_DAY, days.last_on - 7 * _ONE_DAY)
    if preset is Preset.MONTH:
        return _months_back(days, 1)
    if preset is Preset.HALF:
        return _months_back(days, 6)
    if days.first_on.day == 1 and _ends_month(days.last_on):
        return _months_back(days, _months_between(days.first_on, days.last_on) + 1)
    return Stretch(days.first_on - days.count * _ONE_DAY, days.first_on - _ONE_DAY)


def grain_for(days: Stretch, asked: Grain | None = None) -> Grain:
    """The grain of a trend: the one that was asked for, unless it has too many points."""
    if asked is Grain.DAY and days.count > MOST_BY_DAY:
        return Grain.WEEK
    if asked is not None:
        return asked
    if days.count <= _MOST_BY_DAY_UNASKED:
        return Grain.DAY
    return Grain.WEEK if days.count <= _MOST_BY_WEEK_UNASKED else Grain.MONTH


def points(days: Stretch, grain: Grain) -> Iterator[tuple[date, Stretch]]:
    """The points of a trend: the day that each is called by, and the days of the period that it has."""
    at = start_of(days.first_on, grain)
    while at <= days.last_on:
        after = _start_after(at, grain)
        yield at, Stretch(max(at, days.first_on), min(after - _ONE_DAY, days.last_on))
        at = after


def start_of(day: date, grain: Grain) -> date:
    """The first day of the week or month that a day lies in; the day itself by days."""
    if grain is Grain.WEEK:
        return monday_of(day)
    return day.replace(day=1) if grain is Grain.MONTH else day


def monday_of(day: date) -> date:
    """The day that a week begins with."""
    return day - day.weekday() * _ONE_DAY


def _start_after(start: date, grain: Grain) -> date:
    if grain is Grain.MONTH:
        return (start + 31 * _ONE_DAY).replace(day=1)
    return start + (7 if grain is Grain.WEEK else 1) * _ONE_DAY


def _months_back(days: Stretch, months: int) -> Stretch:
    first = _month_back(days.first_on, months)
    last = _month_back(days.last_on, months)
    if days.first_on.day == 1 and _ends_month(days.last_on):
        last = last.replace(day=monthrange(last.year, last.month)[1])
    return Stretch(first, last)


def _month_back(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 - months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _ends_month(day: date) -> bool:
    return (day + _ONE_DAY).day == 1


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month
