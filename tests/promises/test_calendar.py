"""Working days of China: what was announced, checked against cases and against a second library."""

import csv
from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.promises.calendar import CalendarRangeError, SpecialDay, WorkingCalendar, announced
from tracker.promises.seed import announced_years

CASES = list(
    csv.DictReader((Path(__file__).parents[1] / "data" / "working-day-cases.csv").read_text().splitlines())
)
CALENDAR = announced()


@pytest.mark.parametrize(
    "case",
    CASES,
    ids=lambda c: f"{date.fromisoformat(c['accepted_on']):%a %Y-%m-%d}+{c['working_days']} {c['why']}",
)
def test_cases(case: dict[str, str]) -> None:
    accepted_on = date.fromisoformat(case["accepted_on"])
    deadline_on = date.fromisoformat(case["deadline_on"])
    assert CALENDAR.add_working_days(accepted_on, int(case["working_days"])) == deadline_on


# Labour Day 2019 was lengthened to four days by a second notice (国办发明电〔2019〕3号, 22 March 2019),
# which `holidays` does not know.
SECOND_NOTICE = {
    date(2019, 4, 28): True,
    date(2019, 5, 2): False,
    date(2019, 5, 3): False,
    date(2019, 5, 5): True,
}


def test_every_day_of_2019_to_2026_agrees_with_another_library() -> None:
    theirs = holidays.country_holidays("CN", years=range(2019, 2027))
    day = date(2019, 1, 1)
    while day < date(2027, 1, 1):
        expected = SECOND_NOTICE.get(day, theirs.is_working_day(day))
        assert CALENDAR.is_working(day) == expected, f"{day:%a %Y-%m-%d}"
        day += timedelta(days=1)


def test_this_year_is_announced() -> None:
    """Fails in January when nobody has brought the new year's package in."""
    from tracker import clock

    assert clock.today().year in announced_years()


def test_past_the_announced_years_only_statutory_days_are_free_and_all_is_provisional() -> None:
    unannounced = CALENDAR.last_announced_year + 1
    assert not CALENDAR.is_working(date(unannounced, 10, 1))
    assert CALENDAR.is_provisional(date(unannounced, 1, 4))
    assert not CALENDAR.is_provisional(date(unannounced - 1, 12, 31))


@given(
    st.dates(date(2019, 1, 1), date(2027, 6, 30)),
    st.integers(1, 250),
)
def test_counting_agrees_with_walking_day_by_day(start: date, n: int) -> None:
    day, left = start, n
    while left:
        day += timedelta(days=1)
        left -= CALENDAR.is_working(day)
    assert CALENDAR.add_working_days(start, n) == day


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="from 1"):
        CALENDAR.add_working_days(date(2026, 1, 5), 0)
    with pytest.raises(CalendarRangeError):
        CALENDAR.add_working_days(date(1990, 1, 1), 1)
    with pytest.raises(CalendarRangeError):
        CALENDAR.add_working_days(date(2026, 1, 5), 100_000)
    with pytest.raises(ValueError, match="twice"):
        WorkingCalendar([SpecialDay(date(2026, 1, 1), False)] * 2, [2026])
    with pytest.raises(ValueError, match="announced"):
        WorkingCalendar([], [])
