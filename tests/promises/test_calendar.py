"""Working days of China: what was announced, checked against cases and against a second library."""

import csv
from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.promises import seed
from tracker.promises.calendar import CalendarRangeError, RestSpan, SpecialDay, WorkingCalendar, announced
from tracker.promises.import_calendar import import_calendar
from tracker.promises.queries import read_calendars
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


def test_the_last_week_of_the_last_announced_year_may_still_be_changed() -> None:
    """The notice of 2019 made a working day of Saturday 29 December 2018 and a day off of Monday 31st."""
    assert CALENDAR.is_working(date(2018, 12, 29))
    assert not CALENDAR.is_working(date(2018, 12, 31))
    last = CALENDAR.last_announced_year
    assert CALENDAR.certain_until == date(last, 12, 24)
    assert CALENDAR.is_provisional(date(last, 12, 25))
    assert not CALENDAR.is_provisional(date(last, 12, 24))
    # What lies behind a year that is missing is no more certain for being announced itself.
    assert WorkingCalendar([], [2025, 2027]).certain_until == date(2025, 12, 24)


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


WEEK = [date(2026, 6, 15) + timedelta(days=i) for i in range(14)]  # Monday to the second Sunday


def small(*special: SpecialDay) -> WorkingCalendar:
    return WorkingCalendar(special, [2025, 2026], ahead=1)


def test_a_calendar_is_the_plain_week_and_what_differs() -> None:
    calendar = small(
        SpecialDay(date(2026, 6, 19), False, "端午节", "Dragon Boat Festival"),
        SpecialDay(date(2026, 6, 20), False, "端午节", "Dragon Boat Festival"),
        SpecialDay(date(2026, 6, 28), True, "调休上班", "make-up working day"),
    )
    # Fri 19 and Sat 20 are the holiday, Sun 21 and the next weekend's Saturday are plain rest days.
    assert [calendar.is_working(day) for day in WEEK] == [True] * 4 + [False] * 3 + [True] * 5 + [False, True]
    assert calendar.rest_spans(WEEK[0], WEEK[-1]) == [
        RestSpan(date(2026, 6, 19), date(2026, 6, 20), "端午节", "Dragon Boat Festival"),
        RestSpan(date(2026, 6, 21), date(2026, 6, 21)),
        RestSpan(date(2026, 6, 27), date(2026, 6, 27)),
    ]
    assert calendar.rest_spans(date(2026, 6, 20), date(2026, 6, 20)) == [
        RestSpan(date(2026, 6, 20), date(2026, 6, 20), "端午节", "Dragon Boat Festival")
    ]
    # Up to the day on which a rest begins, or from the one on which it ends.
    assert calendar.rest_spans(WEEK[0], WEEK[4]) == [
        RestSpan(date(2026, 6, 19), date(2026, 6, 19), "端午节", "Dragon Boat Festival")
    ]
    assert calendar.rest_spans(WEEK[6], WEEK[7]) == [RestSpan(date(2026, 6, 21), date(2026, 6, 21))]
    assert calendar.rest_spans(WEEK[0], WEEK[3]) == []
    assert calendar.make_up_days(WEEK[0], WEEK[-1]) == [date(2026, 6, 28)]
    assert calendar.make_up_days(date(2026, 6, 28), date(2026, 6, 28)) == [date(2026, 6, 28)]
    assert calendar.make_up_days(WEEK[0], date(2026, 6, 27)) == []
    assert [calendar.add_working_days(WEEK[3], n) for n in (1, 5, 6)] == [WEEK[7], WEEK[11], WEEK[13]]
    assert calendar.next_working_day(WEEK[3]) == WEEK[7]


@pytest.mark.parametrize(
    ("special", "expected"),
    [
        # Friday 19 is off for no holiday: one rest with the weekend.
        ([SpecialDay(date(2026, 6, 19), False)], [RestSpan(date(2026, 6, 19), date(2026, 6, 21), "", "")]),
        # Monday 22 is a holiday: the weekend before it is a rest of its own.
        (
            [SpecialDay(date(2026, 6, 22), False, "盘王节", "Panwang Festival")],
            [
                RestSpan(date(2026, 6, 20), date(2026, 6, 21)),
                RestSpan(date(2026, 6, 22), date(2026, 6, 22), "盘王节", "Panwang Festival"),
            ],
        ),
        # Monday 22 and Wednesday 24 bear one name, and Tuesday between them is worked.
        (
            [SpecialDay(date(2026, 6, day), False, "盘王节", "Panwang Festival") for day in (22, 24)],
            [
                RestSpan(date(2026, 6, 20), date(2026, 6, 21)),
                RestSpan(date(2026, 6, 22), date(2026, 6, 22), "盘王节", "Panwang Festival"),
                RestSpan(date(2026, 6, 24), date(2026, 6, 24), "盘王节", "Panwang Festival"),
            ],
        ),
    ],
)
def test_neighbouring_days_off_are_one_rest_as_long_as_their_name_is_the_same(
    special: list[SpecialDay], expected: list[RestSpan]
) -> None:
    # Wednesday 17 to Friday 26.
    assert small(*special).rest_spans(date(2026, 6, 17), date(2026, 6, 26)) == expected


def test_a_calendar_reaches_from_its_first_year_to_the_years_ahead() -> None:
    calendar = small()
    assert calendar.last_announced_year == 2026
    first, last = date(2025, 1, 1), date(2027, 12, 31)
    assert calendar.is_working(first)  # Wednesday
    assert calendar.is_working(last)  # Friday
    assert calendar.rest_spans(last - timedelta(days=6), last) == [
        RestSpan(date(2027, 12, 25), date(2027, 12, 26))
    ]
    # Of the very first weekend both days are off.
    assert calendar.rest_spans(first, date(2025, 1, 7)) == [RestSpan(date(2025, 1, 4), date(2025, 1, 5))]
    for outside in (first - timedelta(days=1), last + timedelta(days=1), last + timedelta(days=2)):
        with pytest.raises(CalendarRangeError, match=str(outside)):
            calendar.is_working(outside)
    assert calendar.add_working_days(first, 1) == date(2025, 1, 2)
    assert calendar.add_working_days(last - timedelta(days=1), 1) == last
    with pytest.raises(CalendarRangeError, match=f"1 working days after {last}"):
        calendar.add_working_days(last, 1)
    with pytest.raises(CalendarRangeError, match="2024-12-31"):
        calendar.add_working_days(first - timedelta(days=1), 1)
    assert not calendar.is_provisional(date(2025, 12, 31))
    assert calendar.is_provisional(date(2026, 12, 25))
    assert calendar.count_working_days(first, date(2025, 1, 7)) == 5
    assert calendar.count_working_days(first, first) == 1
    assert calendar.count_working_days(date(2025, 1, 4), date(2025, 1, 5)) == 0
    assert calendar.count_working_days(first, first - timedelta(days=9)) == 0
    six_ahead = WorkingCalendar([], [2026])
    assert six_ahead.is_working(date(2032, 12, 31))  # Friday
    with pytest.raises(CalendarRangeError, match="2033-01-01"):
        six_ahead.is_working(date(2033, 1, 1))


def test_the_packaged_calendar_built_anew_counts_the_same() -> None:
    fresh = seed.packaged_calendar.__wrapped__()
    for case in CASES:
        accepted_on = date.fromisoformat(case["accepted_on"])
        n = int(case["working_days"])
        assert fresh.add_working_days(accepted_on, n) == CALENDAR.add_working_days(accepted_on, n)
    assert fresh.rest_spans(date(2026, 2, 13), date(2026, 2, 25)) == [
        RestSpan(date(2026, 2, 15), date(2026, 2, 23), "春节", "Spring Festival")
    ]


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


def test_an_older_package_leaves_later_announced_years_alone(database, monkeypatch) -> None:
    with database.reading() as connection:
        before = read_calendars(connection)
    monkeypatch.setattr(seed, "announced_years", lambda: [2024, 2025])
    days = [day for day in seed.announced_days() if day.day.year in (2024, 2025)]
    monkeypatch.setattr(seed, "announced_days", lambda: iter(days))
    import_calendar(database)
    with database.reading() as connection:
        after = read_calendars(connection)
    assert before is not None
    assert after is not None
    assert after == before
    assert after.general().last_announced_year == 2026
