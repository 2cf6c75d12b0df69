"""Deadlines against a slow oracle that walks day by day; `make soak` tries many more examples."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from samples import rules

from tracker import clock
from tracker.promises import wording
from tracker.promises.calendar import announced
from tracker.promises.deadline import deadline
from tracker.promises.rules import Rule, Unit

CALENDAR = announced()
EXAMPLES = int(os.environ.get("TRACKER_EXAMPLES", "1000"))
many = settings(max_examples=EXAMPLES, deadline=None)

instants = st.datetimes(datetime(2019, 1, 1), datetime(2027, 6, 30), timezones=st.just(UTC))  # noqa: DTZ001


def walked(rule: Rule, accepted_at: datetime) -> datetime:
    """The deadline, found by walking over the calendar."""
    if rule.unit is Unit.HOURS:
        return accepted_at + timedelta(hours=rule.amount)
    there = accepted_at.astimezone(clock.CITY_ZONE)
    day, one = there.date(), timedelta(days=1)
    late = not CALENDAR.is_working(day) or (rule.cut_off is not None and there.time() > rule.cut_off)
    if rule.late_counts_as_next_day and late:
        day += one
        while not CALENDAR.is_working(day):
            day += one
    left = rule.amount
    while left:
        day += one
        left -= rule.unit is Unit.CALENDAR_DAYS or CALENDAR.is_working(day)
    if rule.end_of_day is None:
        return datetime.combine(day + one, time(0), clock.CITY_ZONE)
    return datetime.combine(day, rule.end_of_day, clock.CITY_ZONE)


@many
@given(rules(), instants)
def test_as_walked(rule: Rule, accepted_at: datetime) -> None:
    assert deadline(rule, accepted_at, CALENDAR).at == walked(rule, accepted_at)


@many
@given(rules(), instants, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_who_comes_later_is_never_promised_an_earlier_date(
    rule: Rule, accepted_at: datetime, later: timedelta
) -> None:
    first = deadline(rule, accepted_at, CALENDAR).at
    assert deadline(rule, accepted_at + later, CALENDAR).at >= first


@many
@given(rules(), instants, st.integers(1, 50))
def test_a_longer_limit_never_ends_earlier(rule: Rule, accepted_at: datetime, more: int) -> None:
    longer = replace(rule, amount=rule.amount + more)
    assert deadline(longer, accepted_at, CALENDAR).at > deadline(rule, accepted_at, CALENDAR).at


@many
@given(rules(), instants)
def test_the_explanation_accounts_for_every_day(rule: Rule, accepted_at: datetime) -> None:
    """Days that were skipped, days that were worked on a weekend and the days counted make up the span."""
    promised = deadline(rule, accepted_at, CALENDAR)
    words = wording.explain(promised)
    assert words["zh"].endswith("。")
    assert words["en"].endswith(".")
    if rule.unit is not Unit.WORKING_DAYS:
        assert promised.skipped == ()
        return
    off = {
        span.first + timedelta(days=i)
        for span in promised.skipped
        for i in range((span.last - span.first).days + 1)
    }
    first = clock.local_date(accepted_at) + timedelta(days=1)
    span = {first + timedelta(days=i) for i in range((promised.last_day - first).days + 1)}
    assert off == {day for day in span if not CALENDAR.is_working(day)}
    counted = {day for day in span - off if day > promised.counted_from}
    assert len(counted) == rule.amount
    assert set(promised.make_up) == {day for day in counted if day.weekday() >= 5}
    assert promised.provisional == (promised.last_day > date(CALENDAR.last_announced_year, 12, 24))
