"""What may be set, which step an order has come to, and when staff may be sent a text."""

from datetime import UTC, datetime, time, timedelta

import pytest

from tracker import clock
from tracker.at_risk.rules import (
    Level,
    Rules,
    digest_due,
    faults_of,
    level_of,
    told_ahead,
)
from tracker.promises.calendar import announced
from tracker.promises.office_hours import in_working_hours, next_opening

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
CALENDAR = announced()


def there(written: str) -> datetime:
    """A time on the city's clocks."""
    return datetime.fromisoformat(written).replace(tzinfo=clock.CITY_ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours_left", "on_site", "level"),
    [
        (12.1, False, None),
        (12, False, Level.DISPATCHERS),
        (12, True, None),
        (0, False, Level.DISPATCHERS),
        (0, True, None),
        (-0.1, False, Level.MANAGERS),
        (-0.1, True, Level.MANAGERS),
        (-48, False, Level.MANAGERS),
        (-48.1, True, Level.EVERY_MANAGER),
    ],
)
def test_steps_follow_each_other(hours_left: float, on_site: bool, level: Level | None) -> None:
    assert level_of(NOW + timedelta(hours=hours_left), on_site, Rules(), NOW) is level


@pytest.mark.parametrize(
    ("rules", "hours_left", "level"),
    [
        (Rules(warn_hours=None), 1, None),
        (Rules(late_hours=None), -1, Level.DISPATCHERS),
        (Rules(late_hours=6), -5, Level.DISPATCHERS),
        (Rules(late_hours=6), -6.5, Level.MANAGERS),
        (Rules(chase_days=None), -24 * 90, Level.MANAGERS),
        (Rules(warn_hours=None, late_hours=None, chase_days=None), -24 * 90, None),
        (Rules(late_hours=None, chase_days=1), -25, Level.EVERY_MANAGER),
    ],
)
def test_a_step_may_be_left_out(rules: Rules, hours_left: float, level: Level | None) -> None:
    assert level_of(NOW + timedelta(hours=hours_left), False, rules, NOW) is level


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({}, []),
        ({"warn_hours": None, "late_hours": None, "chase_days": None, "digest_at": ()}, []),
        ({"due_hours": 0}, [("risk.hours", "/due_hours")]),
        ({"due_hours": 241, "team_hours": -1}, [("risk.hours", "/due_hours"), ("risk.hours", "/team_hours")]),
        ({"waiting_hours": 240}, []),
        ({"warn_hours": 0}, [("risk.hours", "/warn_hours")]),
        ({"late_hours": -1}, [("risk.hours", "/late_hours")]),
        ({"chase_days": 0}, [("risk.days", "/chase_days")]),
        ({"chase_days": 61}, [("risk.days", "/chase_days")]),
        ({"late_hours": 48, "chase_days": 2}, [("risk.steps_in_order", "/chase_days")]),
        ({"late_hours": 47, "chase_days": 2}, []),
        ({"digest_at": (time(8), time(17, 59))}, []),
        ({"digest_at": (time(7, 59),)}, [("risk.outside_work", "/digest_at")]),
        ({"digest_at": (time(18),)}, [("risk.outside_work", "/digest_at")]),
        ({"digest_at": tuple(time(9 + n) for n in range(5))}, [("risk.too_many_times", "/digest_at")]),
    ],
)
def test_what_may_be_set(changes: dict[str, object], faults: list[tuple[str, str]]) -> None:
    found = faults_of(Rules(**changes))  # type: ignore[arg-type]
    assert [(fault.rule, fault.pointer) for fault in found] == faults


@pytest.mark.parametrize(
    ("at", "working"),
    [
        ("2026-11-25T07:59", False),  # Wednesday
        ("2026-11-25T08:00", True),
        ("2026-11-25T17:59", True),
        ("2026-11-25T18:00", False),
        ("2026-11-28T10:00", False),  # Saturday
        ("2026-10-01T10:00", False),  # Thursday, National Day
        ("2026-10-10T10:00", True),  # Saturday, worked for National Day (调休上班)
        ("2026-02-14T10:00", True),  # Saturday, worked for Spring Festival
        ("2026-02-17T10:00", False),  # Tuesday, New Year's Day
    ],
)
def test_working_hours_are_those_of_the_calendar(at: str, working: bool) -> None:
    assert in_working_hours(CALENDAR, there(at)) is working


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-25T07:59", "2026-11-25T08:00"),  # Wednesday
        ("2026-11-25T18:00", "2026-11-26T08:00"),
        ("2026-11-27T18:00", "2026-11-30T08:00"),  # Friday, then Monday
        ("2026-11-28T07:00", "2026-11-30T08:00"),  # Saturday
        ("2026-10-09T20:00", "2026-10-10T08:00"),  # to the Saturday worked for National Day (调休上班)
        ("2026-09-30T19:00", "2026-10-08T08:00"),  # past National Day
    ],
)
def test_work_begins_again_on_the_next_working_day(at: str, opens: str) -> None:
    assert next_opening(CALENDAR, there(at)) == there(opens)


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-11-25T08:59", None),
        ("2026-11-25T09:00", "2026-11-25T09:00"),
        ("2026-11-25T14:59", "2026-11-25T09:00"),
        ("2026-11-25T15:00", "2026-11-25T15:00"),
        ("2026-11-25T17:59", "2026-11-25T15:00"),  # made good while there is work
        ("2026-11-25T18:00", None),  # and not any more
        ("2026-11-26T08:30", None),  # nor on the next morning
        ("2026-10-10T09:10", "2026-10-10T09:00"),
        ("2026-10-01T09:10", None),
    ],
)
def test_a_missed_digest_is_made_good_on_the_same_day_alone(at: str, due: str | None) -> None:
    expected = None if due is None else there(due)
    assert digest_due(CALENDAR, Rules().digest_at, there(at)) == expected
    assert digest_due(CALENDAR, (), there(at)) is None


@pytest.mark.parametrize(
    ("at", "warned_to"),
    [
        ("2026-11-24T08:00", "2026-11-24T20:00"),  # Tuesday: nothing but its own 12 hours
        ("2026-11-24T15:00", "2026-11-25T03:00"),
        ("2026-11-24T16:00", "2026-11-25T08:00"),  # in the evening to the next opening
        ("2026-11-24T18:00", "2026-11-25T06:00"),  # nobody is told, and the morning comes
        ("2026-11-27T08:00", "2026-11-30T20:00"),  # Friday: to Monday's opening and 12 hours
        ("2026-11-27T17:00", "2026-11-30T20:00"),
        ("2026-11-28T10:00", "2026-11-28T22:00"),  # Saturday
        ("2026-09-30T09:00", "2026-10-08T20:00"),  # the last day before National Day
        ("2026-10-09T10:00", "2026-10-09T22:00"),  # Friday before a worked Saturday (调休上班)
        ("2026-10-10T10:00", "2026-10-12T20:00"),  # and that Saturday, before a Sunday off
    ],
)
def test_what_comes_up_while_nobody_is_told_comes_up_before_closing(at: str, warned_to: str) -> None:
    now = there(at)
    told = told_ahead(Rules(), CALENDAR, now)
    assert told.warn_hours is not None
    assert now + timedelta(hours=told.warn_hours) == there(warned_to)
    assert told.due_hours == max(24, told.warn_hours)
    assert told_ahead(Rules(), None, now) == Rules()


def test_hours_that_reach_further_stand() -> None:
    assert told_ahead(Rules(warn_hours=36), CALENDAR, there("2026-11-24T17:00")) == Rules(
        warn_hours=36, due_hours=24
    )


def test_without_a_first_step_what_breaks_on_days_off_is_near_all_the_same() -> None:
    told = told_ahead(Rules(warn_hours=None), CALENDAR, there("2026-11-27T15:00"))
    assert (told.warn_hours, told.due_hours) == (None, 65)
