"""Working days of China, counted in constant time.

Not "Monday to Friday less holidays": the State Council's yearly notice also turns some Saturdays
and Sundays into working days (调休). A calendar holds only the days that differ from the plain
week; from them it lays an index, so that "the third working day after" is two look-ups whatever
the number of days.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

MAKE_UP = "调休上班"

# The notice of a year also settles the last days of the year before: that of 2019 made a working day of
# Saturday 29 December 2018 and a day off of the Monday after it. Until it is out they are not certain.
_UNSETTLED_DAYS = 7


@dataclass(frozen=True, order=True)
class SpecialDay:
    """A day that differs from the plain week, with the holiday it belongs to."""

    day: date
    working: bool
    name: str = ""
    name_en: str = ""


@dataclass(frozen=True)
class RestSpan:
    """Consecutive days off of one name; `name` is empty for a plain weekend."""

    first: date
    last: date
    name: str = ""
    name_en: str = ""


class CalendarRangeError(ValueError):
    """A day outside of the years that the calendar was laid out for."""


class WorkingCalendar:
    """Which days are worked. Announced years are certain but for their last week, which the next year's
    notice may still change; days past `certain_until` are provisional.
    """

    def __init__(
        self, special: Iterable[SpecialDay], announced_years: Iterable[int], *, ahead: int = 6
    ) -> None:
        """`special`: days that differ from Monday-to-Friday. `ahead`: years laid out past the last
        announced one, by the plain week and whatever special days are given for them.

        Raises ValueError for no announced year, or a day given twice.
        """
        years = sorted(set(announced_years))
        if not years:
            raise ValueError("a working calendar needs at least one announced year")
        self.last_announced_year = years[-1]
        # What lies behind a year that is missing cannot be reached by certain days alone.
        unbroken = years[0]
        while unbroken + 1 in years:
            unbroken += 1
        self.certain_until = date(unbroken, 12, 31) - timedelta(days=_UNSETTLED_DAYS)
        self._first = date(years[0], 1, 1).toordinal()
        end = date(years[-1] + ahead + 1, 1, 1).toordinal()
        by_day: dict[int, SpecialDay] = {}
        for entry in special:
            if entry.day.toordinal() in by_day:
                raise ValueError(f"{entry.day} stands twice in the calendar")
            by_day[entry.day.toordinal()] = entry
        self._lay_out(end, by_day)

    def _lay_out(self, end: int, by_day: dict[int, SpecialDay]) -> None:
        # _index[i]: working days among the first i days; _days[k]: working day k.
        self._index, self._days = [0], list[date]()
        off: list[tuple[int, str, str]] = []
        self._make_up: list[date] = []
        for ordinal in range(self._first, end):
            weekend = (ordinal + 6) % 7 >= 5  # ordinal 1 was a Monday
            entry = by_day.get(ordinal)
            if entry.working if entry else not weekend:
                self._days.append(date.fromordinal(ordinal))
                if weekend:
                    self._make_up.append(date.fromordinal(ordinal))
            else:
                off.append((ordinal, entry.name, entry.name_en) if entry else (ordinal, "", ""))
            self._index.append(len(self._days))
        self._spans = _spans_of(off)
        self._span_ends = [span.last for span in self._spans]

    def _offset(self, day: date) -> int:
        offset = day.toordinal() - self._first
        if not 0 <= offset < len(self._index) - 1:
            raise CalendarRangeError(f"{day} lies outside of the calendar's years")
        return offset

    def is_working(self, day: date) -> bool:
        """Whether the day is worked. Raises CalendarRangeError outside of the calendar's years."""
        offset = self._offset(day)
        return self._index[offset + 1] > self._index[offset]

    def add_working_days(self, day: date, n: int) -> date:
        """The n-th working day after `day`, which is itself never counted (民法典 201); n >= 1.

        Raises ValueError for n < 1 and CalendarRangeError where the calendar does not reach.
        """
        if n < 1:
            raise ValueError("working days are counted from 1")
        offset = day.toordinal() - self._first
        if offset < 0:
            raise CalendarRangeError(f"{day} lies outside of the calendar's years")
        try:
            return self._days[self._index[offset + 1] + n - 1]
        except IndexError:
            raise CalendarRangeError(f"{n} working days after {day} lie past the calendar's years") from None

    def count_working_days(self, first: date, last: date) -> int:
        """How many days of `first`..`last` are worked; 0 where `last` lies before `first`."""
        if last < first:
            return 0
        return self._index[self._offset(last) + 1] - self._index[self._offset(first)]

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return self.add_working_days(day, 1)

    def is_provisional(self, day: date) -> bool:
        """Whether what is known of the day may still be changed by a notice to come."""
        return day > self.certain_until

    def rest_spans(self, first: date, last: date) -> list[RestSpan]:
        """The stretches of days off that touch `first`..`last`, cut to it, in order."""
        found = []
        for span in self._spans[bisect_left(self._span_ends, first) :]:
            if span.first > last:
                break
            found.append(RestSpan(max(span.first, first), min(span.last, last), span.name, span.name_en))
        return found

    def make_up_days(self, first: date, last: date) -> list[date]:
        """The weekend days worked in `first`..`last` (调休上班)."""
        return self._make_up[bisect_left(self._make_up, first) : bisect_right(self._make_up, last)]


def _spans_of(off: list[tuple[int, str, str]]) -> list[RestSpan]:
    """Join neighbouring days off that bear the same name."""
    if not off:
        return []
    starts = [0] + [i for i, (a, b) in enumerate(pairwise(off), start=1) if b[0] != a[0] + 1 or b[1] != a[1]]
    spans = []
    for start, stop in pairwise([*starts, len(off)]):
        first, name, name_en = off[start]
        spans.append(RestSpan(date.fromordinal(first), date.fromordinal(off[stop - 1][0]), name, name_en))
    return spans


def announced() -> WorkingCalendar:
    """The calendar of all announced years, from the packaged data; later years by statutory days."""
    from tracker.promises import seed

    return seed.packaged_calendar()
