"""The working-day calendar as libraries know it.

`chinesecalendar` holds the announced years only. Past them stand the statutory days, which
`holidays` reckons from the lunar calendar; nobody can know the make-up days yet, so whatever is
counted there is provisional.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version

import chinese_calendar
import holidays

from tracker.promises.calendar import MAKE_UP, SpecialDay, WorkingCalendar

YEARS_AHEAD = 6


def announced_years() -> list[int]:
    """The years that the State Council has announced, as far as the package knows."""
    return sorted({day.year for day in chinese_calendar.holidays})


def source() -> str:
    """Where the days come from, with the package's version."""
    return f"chinesecalendar {version('chinesecalendar')}"


def announced_days() -> Iterator[SpecialDay]:
    """Each announced day that differs from Monday-to-Friday, and named weekend days of holidays."""
    for day in chinese_calendar.holidays:
        name = chinese_calendar.get_holiday_detail(day)[1]
        holiday = chinese_calendar.Holiday(name) if name else None
        yield SpecialDay(day, False, holiday.chinese if holiday else "", str(name or ""))
    for day in chinese_calendar.workdays:
        yield SpecialDay(day, True, MAKE_UP, "make-up working day")


def statutory_days(year: int) -> Iterator[SpecialDay]:
    """The statutory holidays of a year not announced yet."""
    english = holidays.country_holidays("CN", years=year, language="en_US")
    chinese = holidays.country_holidays("CN", years=year, language="zh_CN")
    for day in sorted(english):
        if day.year == year:
            yield SpecialDay(day, False, _plain(chinese[day]), _plain(english[day]))


def _plain(name: str) -> str:
    """A holiday's name without the remark that the day off stands in for a weekend."""
    return re.sub(r"\s*[（(][^（()）]*[）)]", "", name)


@cache
def packaged_calendar() -> WorkingCalendar:
    """All announced years, and the statutory days of those that follow."""
    years = announced_years()
    special = list(announced_days())
    for year in range(years[-1] + 1, years[-1] + YEARS_AHEAD + 1):
        special += statutory_days(year)
    return WorkingCalendar(special, years, ahead=YEARS_AHEAD)
