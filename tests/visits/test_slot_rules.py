"""Windows, patterns and the moments at which a slot can be booked."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from tracker import clock
from tracker.problems import faults_in
from tracker.visits.rules import (
    FARTHEST_DAYS,
    LEAD,
    USUAL_WINDOWS,
    Pattern,
    Standing,
    Window,
    areas_of,
    pattern_faults,
    why_not,
)
from tracker.visits.schemas import Hours

# Tuesday 24 November 2026, 9:30 in the city.
NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
TODAY = date(2026, 11, 24)
NINE = Window(time(9), time(11))


def pattern(**changes) -> Pattern:
    values = {
        "areas": ("441802",),
        "first_on": TODAY,
        "last_on": TODAY + timedelta(days=6),
        "weekdays": frozenset({1, 7}),
        "windows": USUAL_WINDOWS,
        "capacity": 3,
    }
    return Pattern(**values | changes)


def test_an_address_books_in_its_town_and_its_county() -> None:
    assert areas_of("441802006001") == ("441802006", "441802")


def test_a_window_is_on_the_citys_clocks() -> None:
    starts_at, ends_at = NINE.on(TODAY)
    assert (starts_at, ends_at) == (
        datetime(2026, 11, 24, 1, tzinfo=UTC),
        datetime(2026, 11, 24, 3, tzinfo=UTC),
    )
    assert NINE.code == "0900-1100"


def test_a_pattern_holds_the_days_of_its_weekdays() -> None:
    # Sunday 29 and Monday 30 November.
    assert pattern().days() == [date(2026, 11, 29), date(2026, 11, 30)]


@pytest.mark.parametrize(
    ("slot", "rule"),
    [
        (Standing(NOW + LEAD + timedelta(seconds=1), 1, 0, None), None),
        (Standing(NOW + LEAD, 1, 0, None), "slot.too_late"),
        (Standing(NOW - timedelta(days=1), 1, 0, None), "slot.too_late"),
        (Standing(NOW + timedelta(days=1), 2, 2, None), "slot.full"),
        (Standing(NOW + timedelta(days=1), 0, 0, None), "slot.full"),
        (Standing(NOW + timedelta(days=1), 2, 2, NOW), "slot.closed"),
    ],
)
def test_whether_a_slot_can_be_booked(slot: Standing, rule: str | None) -> None:
    assert why_not(slot, NOW) == rule


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, []),
        ({"first_on": TODAY - timedelta(days=1)}, ["slot.day_past"]),
        ({"last_on": TODAY - timedelta(days=1)}, ["slot.days_reversed"]),
        ({"last_on": TODAY + timedelta(days=FARTHEST_DAYS)}, []),
        ({"last_on": TODAY + timedelta(days=FARTHEST_DAYS + 1)}, ["slot.too_far"]),
        ({"weekdays": frozenset({3}), "last_on": TODAY}, ["slot.no_day"]),
        ({"areas": tuple(f"{n:06d}" for n in range(501))}, ["slot.too_many"]),
        ({"areas": tuple(f"{n:06d}" for n in range(500))}, []),
        ({"windows": (NINE, Window(time(11), time(13)))}, []),
        ({"windows": (NINE, Window(time(10), time(12)))}, ["slot.windows_overlap"]),
        ({"windows": (Window(time(11), time(9)),)}, ["slot.window"]),
        ({"windows": (Window(time(9), time(9)),)}, ["slot.window"]),
        ({"windows": (Window(time(9), time(9, 29)),)}, ["slot.window"]),
        ({"windows": (Window(time(9), time(9, 30)),)}, []),
        ({"windows": (Window(time(7), time(13)),)}, []),
        ({"windows": (Window(time(7), time(13, 1)),)}, ["slot.window"]),
        ({"windows": (Window(time(6, 59), time(9)),)}, ["slot.window"]),
        ({"windows": (Window(time(20), time(22)),)}, []),
        ({"windows": (Window(time(20), time(22, 1)),)}, ["slot.window"]),
        ({"windows": (), "first_on": TODAY - timedelta(days=9), "last_on": TODAY - timedelta(days=10)},
         ["slot.day_past", "slot.days_reversed"]),
    ],
)  # fmt: skip
def test_a_pattern_names_every_rule_that_it_breaks(changes, rules) -> None:
    assert [fault.rule for fault in pattern_faults(pattern(**changes), TODAY)] == rules


@given(st.times(), st.times())
def test_a_window_reads_back_as_it_is_written(starts: time, ends: time) -> None:
    window = Window(starts.replace(second=0, microsecond=0), ends.replace(second=0, microsecond=0))
    assert Hours().deserialize(window.code) == window
    assert Hours().deserialize(f"{window.starts:%H:%M} - {window.ends:%H:%M}") == window


@pytest.mark.parametrize(
    ("written", "starts", "ends"),
    [
        ("9-11", time(9), time(11)),
        ("9时至11时", time(9), time(11)),
        ("8:30–10:00", time(8, 30), time(10)),
        (" 8：30到10点 ", time(8, 30), time(10)),
    ],
)
def test_people_write_a_window_in_many_ways(written: str, starts: time, ends: time) -> None:
    assert Hours().deserialize(written) == Window(starts, ends)


@pytest.mark.parametrize(
    "written", ["", "9", "9-", "24-25", "9:60-10:00", "上午", "09:00-11:00-13:00", "9" * 99, 9, None]
)
def test_what_is_no_window_is_refused(written: object) -> None:
    with pytest.raises(ValidationError) as error:
        Hours().deserialize(written)
    (fault,) = faults_in(error.value.messages)
    assert fault.rule in ("slot.window_text", "field.null")
    assert len(fault.words("zh")) < 60


def test_the_city_keeps_one_clock() -> None:
    assert clock.local(NINE.on(date(2026, 7, 1))[0]).time() == time(9)
