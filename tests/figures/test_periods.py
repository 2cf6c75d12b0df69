"""Periods by name, what they are compared with, and the points of a trend."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.figures.periods import (
    MOST_BY_DAY,
    Comparison,
    Grain,
    Preset,
    Stretch,
    compared,
    grain_for,
    named,
    points,
)

# A Thursday.
TODAY = date(2026, 11, 26)


def days(first: str, last: str) -> Stretch:
    return Stretch(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("preset", "today", "first", "last"),
    [
        ("today", "2026-11-26", "2026-11-26", "2026-11-26"),
        ("week", "2026-11-26", "2026-11-23", "2026-11-26"),  # Monday to Thursday
        ("week", "2026-11-23", "2026-11-23", "2026-11-23"),  # a Monday
        ("week", "2027-01-01", "2026-12-28", "2027-01-01"),  # Monday of last year to Friday
        ("month", "2026-11-26", "2026-11-01", "2026-11-26"),
        ("last_month", "2026-11-26", "2026-10-01", "2026-10-31"),
        ("last_month", "2026-01-31", "2025-12-01", "2025-12-31"),
        ("half", "2026-06-30", "2026-01-01", "2026-06-30"),
        ("half", "2026-07-01", "2026-07-01", "2026-07-01"),
        ("last_30", "2026-11-26", "2026-10-28", "2026-11-26"),
    ],
)
def test_periods_with_a_name_end_today(preset: str, today: str, first: str, last: str) -> None:
    assert named(Preset(preset), date.fromisoformat(today)) == days(first, last)


@pytest.mark.parametrize(
    ("asked", "preset", "comparison", "expected"),
    [
        (days("2026-11-26", "2026-11-26"), "today", "before", days("2026-11-25", "2026-11-25")),
        (days("2026-11-23", "2026-11-26"), "week", "before", days("2026-11-16", "2026-11-19")),
        (days("2026-11-01", "2026-11-26"), "month", "before", days("2026-10-01", "2026-10-26")),
        (days("2026-03-01", "2026-03-31"), "month", "before", days("2026-02-01", "2026-02-28")),
        (days("2026-03-01", "2026-03-30"), "month", "before", days("2026-02-01", "2026-02-28")),
        (days("2026-10-01", "2026-10-31"), "last_month", "before", days("2026-09-01", "2026-09-30")),
        (days("2026-07-01", "2026-11-26"), "half", "before", days("2026-01-01", "2026-05-26")),
        (days("2026-01-01", "2026-03-31"), None, "before", days("2025-10-01", "2025-12-31")),
        (days("2026-11-10", "2026-11-19"), None, "before", days("2026-10-31", "2026-11-09")),
        (days("2024-02-01", "2024-02-29"), None, "year", days("2023-02-01", "2023-02-28")),
        (days("2025-02-01", "2025-02-28"), None, "year", days("2024-02-01", "2024-02-29")),
        (days("2024-02-29", "2024-02-29"), None, "year", days("2023-02-28", "2023-02-28")),
        (days("2026-11-01", "2026-11-26"), "month", "year", days("2025-11-01", "2025-11-26")),
        (days("2026-11-01", "2026-11-26"), "month", "none", None),
    ],
)
def test_what_a_period_is_compared_with(
    asked: Stretch, preset: str | None, comparison: str, expected: Stretch | None
) -> None:
    assert compared(asked, Comparison(comparison), Preset(preset) if preset else None) == expected


_day = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@given(_day, st.integers(0, 900), st.sampled_from(Grain))
def test_the_points_of_a_trend_are_its_days_each_once(first: date, more: int, grain: Grain) -> None:
    asked = Stretch(first, first + timedelta(days=more))
    found = list(points(asked, grain))
    assert found[0][1].first_on == asked.first_on
    assert found[-1][1].last_on == asked.last_on
    for (_, one), (_, following) in pairwise(found):
        assert following.first_on == one.last_on + timedelta(days=1)
    starts = [at for at, _ in found]
    assert len(set(starts)) == len(starts)
    assert all(at.weekday() == 0 for at in starts) or grain is not Grain.WEEK
    assert all(at.day == 1 for at in starts) or grain is not Grain.MONTH


@given(_day, st.integers(0, 900), st.sampled_from(Preset))
def test_what_is_compared_lies_before(first: date, more: int, preset: Preset) -> None:
    for asked, name in ((Stretch(first, first + timedelta(days=more)), None), (named(preset, first), preset)):
        other = compared(asked, Comparison.BEFORE, name)
        assert other is not None
        assert other.first_on <= other.last_on < asked.first_on


@pytest.mark.parametrize(
    ("length", "asked", "expected"),
    [
        (1, None, "day"),
        (31, None, "day"),
        (32, None, "week"),
        (184, None, "week"),
        (185, None, "month"),
        (MOST_BY_DAY, "day", "day"),
        (MOST_BY_DAY + 1, "day", "week"),
        (900, "month", "month"),
        (2, "week", "week"),
    ],
)
def test_a_trend_has_a_grain_that_can_be_read(length: int, asked: str | None, expected: str) -> None:
    wanted = Stretch(TODAY - timedelta(days=length - 1), TODAY)
    assert grain_for(wanted, Grain(asked) if asked else None) is Grain(expected)
