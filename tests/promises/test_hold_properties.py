"""Deadlines with holds, against an oracle that walks in steps of half an hour."""

import os
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from samples import rules

from tracker import clock
from tracker.promises.calendar import announced
from tracker.promises.deadline import agreed_deadline, deadline
from tracker.promises.holds import Hold, merged
from tracker.promises.rules import Rule, Unit

CALENDAR = announced()
EXAMPLES = int(os.environ.get("TRACKER_EXAMPLES", "500"))
many = settings(max_examples=EXAMPLES, deadline=None)

STEP = timedelta(minutes=30)
ONE_DAY = timedelta(days=1)
MIDNIGHTS = st.dates(date(2019, 3, 1), date(2026, 10, 1)).map(
    lambda day: datetime.combine(day, time(0), clock.CITY_ZONE).astimezone(UTC)
)
instants = st.builds(lambda midnight, steps: midnight + steps * STEP, MIDNIGHTS, st.integers(0, 47))


@st.composite
def accepted_and_held(draw: st.DrawFn, most: int = 4) -> tuple[datetime, list[Hold]]:
    """A time of acceptance, and holds about it: some empty, some before it, some far behind."""
    accepted_at = draw(instants)
    holds = []
    for _ in range(draw(st.integers(0, most))):
        starts_at = accepted_at + draw(st.integers(-240, 1200)) * STEP
        holds.append(Hold(starts_at, starts_at + draw(st.integers(-4, 600)) * STEP))
    return accepted_at, holds


def is_held(at: datetime, holds: list[Hold]) -> bool:
    return any(hold.starts_at <= at < hold.ends_at for hold in holds)


def walked(rule: Rule, accepted_at: datetime, holds: list[Hold]) -> datetime:
    """The deadline, found by looking at each half hour, or at each half hour of each day."""
    if rule.unit is Unit.HOURS:
        at, left = accepted_at, timedelta(hours=rule.amount)
        while left:
            left -= timedelta(0) if is_held(at, holds) else STEP
            at += STEP
        return at
    there = accepted_at.astimezone(clock.CITY_ZONE)
    day = there.date()
    late = not CALENDAR.is_working(day) or (rule.cut_off is not None and there.time() > rule.cut_off)
    if rule.late_counts_as_next_day and late:
        day = CALENDAR.next_working_day(day)
    left = rule.amount
    while left:
        day += ONE_DAY
        midnight = datetime.combine(day, time(0), clock.CITY_ZONE)
        whole = all(is_held(midnight + step * STEP, holds) for step in range(48))
        counted = rule.unit is Unit.CALENDAR_DAYS or CALENDAR.is_working(day)
        left -= counted and not whole
    if rule.end_of_day is None:
        return datetime.combine(day + ONE_DAY, time(0), clock.CITY_ZONE)
    return datetime.combine(day, rule.end_of_day, clock.CITY_ZONE)


@many
@given(rules(40), accepted_and_held())
def test_as_walked(rule: Rule, story: tuple[datetime, list[Hold]]) -> None:
    accepted_at, holds = story
    assert deadline(rule, accepted_at, CALENDAR, holds).at == walked(rule, accepted_at, holds)


@many
@given(rules(), accepted_and_held(), accepted_and_held(1))
def test_one_more_hold_never_brings_the_deadline_forward(
    rule: Rule, story: tuple[datetime, list[Hold]], other: tuple[datetime, list[Hold]]
) -> None:
    accepted_at, holds = story
    shift = accepted_at - other[0]
    more = [Hold(hold.starts_at + shift, hold.ends_at + shift) for hold in other[1]]
    assert (
        deadline(rule, accepted_at, CALENDAR, holds + more).at
        >= deadline(rule, accepted_at, CALENDAR, holds).at
    )


@many
@given(rules(), accepted_and_held(), st.randoms(use_true_random=False))
def test_what_is_held_twice_counts_once(rule: Rule, story: tuple[datetime, list[Hold]], dice) -> None:
    accepted_at, holds = story
    again = [*holds, *holds]
    # And in pieces that overlap.
    for hold in holds:
        middle = hold.starts_at + (hold.ends_at - hold.starts_at) * dice.random()
        again += [Hold(hold.starts_at, middle), Hold(min(middle, hold.ends_at), hold.ends_at)]
    dice.shuffle(again)
    assert deadline(rule, accepted_at, CALENDAR, again).at == deadline(rule, accepted_at, CALENDAR, holds).at


@many
@given(rules(), instants, st.integers(0, 60), st.data())
def test_a_hold_over_rest_days_gives_no_working_day_back(
    rule: Rule, accepted_at: datetime, ahead: int, data: st.DataObject
) -> None:
    """From any time of the working day before to any time of the one after."""
    if rule.unit is not Unit.WORKING_DAYS:
        return
    day = CALENDAR.next_working_day(clock.local_date(accepted_at) + timedelta(days=ahead))
    while CALENDAR.is_working(day + ONE_DAY):
        day += ONE_DAY
    back = CALENDAR.next_working_day(day)
    starts_at = datetime.combine(day, data.draw(st.times(time(0, 0, 1))), clock.CITY_ZONE)
    ends_at = datetime.combine(back, data.draw(st.times(max_value=time(23, 59))), clock.CITY_ZONE)
    held = deadline(rule, accepted_at, CALENDAR, [Hold(starts_at, ends_at)])
    assert held.at == deadline(rule, accepted_at, CALENDAR).at
    assert held.held_days == ()


@many
@given(rules(), instants, st.integers(0, 60), st.data())
def test_a_hold_within_a_day_gives_hours_their_exact_time_and_days_nothing(
    rule: Rule, accepted_at: datetime, ahead: int, data: st.DataObject
) -> None:
    plain = deadline(rule, accepted_at, CALENDAR).at
    day = clock.local_date(accepted_at) + timedelta(days=ahead)
    first, last = sorted(data.draw(st.lists(st.times(), min_size=2, max_size=2)))
    hold = Hold(datetime.combine(day, first, clock.CITY_ZONE), datetime.combine(day, last, clock.CITY_ZONE))
    held = deadline(rule, accepted_at, CALENDAR, [hold])
    if rule.unit is not Unit.HOURS:
        assert held.at == plain
    elif hold.starts_at >= accepted_at and hold.starts_at < plain:
        assert held.at == plain + (hold.ends_at - hold.starts_at)
        assert held.held == hold.ends_at - hold.starts_at


@many
@given(rules(), accepted_and_held())
def test_every_day_up_to_the_deadline_was_counted_skipped_or_held(
    rule: Rule, story: tuple[datetime, list[Hold]]
) -> None:
    accepted_at, holds = story
    promised = deadline(rule, accepted_at, CALENDAR, holds)
    if rule.unit is not Unit.WORKING_DAYS:
        return
    days = (promised.last_day - promised.counted_from).days
    span = [promised.counted_from + timedelta(days=i) for i in range(1, days + 1)]
    held = [day for day in span if any(h.first <= day <= h.last for h in promised.held_days)]
    worked = [day for day in span if CALENDAR.is_working(day)]
    assert len(set(worked) - set(held)) == rule.amount
    assert set(promised.make_up) <= set(worked) - set(held)


def test_holds_that_touch_are_one_and_empty_ones_are_none() -> None:
    nine, ten, eleven, noon = (datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in (9, 10, 11, 12))
    assert merged([Hold(ten, eleven), Hold(nine, ten)]) == [Hold(nine, eleven)]
    assert merged([Hold(nine, noon), Hold(ten, eleven)]) == [Hold(nine, noon)]
    assert merged([Hold(nine, ten), Hold(eleven, noon)]) == [Hold(nine, ten), Hold(eleven, noon)]
    assert merged([Hold(nine, nine), Hold(eleven, ten)]) == []


@many
@given(accepted_and_held(8))
def test_merged_holds_cover_the_same_time_and_lie_apart(story: tuple[datetime, list[Hold]]) -> None:
    _, holds = story
    joined = merged(holds)
    assert all(a.ends_at < b.starts_at for a, b in pairwise(joined))
    edges = {edge for hold in holds for edge in (hold.starts_at, hold.ends_at)}
    for edge in edges:
        for at in (edge - STEP, edge, edge + STEP):
            assert is_held(at, holds) == is_held(at, joined)


@many
@given(rules(), instants, st.integers(1, 2000), accepted_and_held())
def test_a_date_given_anew_moves_as_a_counted_one_would(
    rule: Rule, agreed_at: datetime, steps: int, story: tuple[datetime, list[Hold]]
) -> None:
    """Never forward, not at all without holds, and not twice for what is held twice."""
    at = agreed_at + steps * STEP
    holds = [Hold(agreed_at + (h.starts_at - story[0]), agreed_at + (h.ends_at - story[0])) for h in story[1]]
    assert agreed_deadline(rule, agreed_at, at, CALENDAR).at == at
    moved = agreed_deadline(rule, agreed_at, at, CALENDAR, holds)
    assert moved.at >= at
    assert moved.agreed
    assert agreed_deadline(rule, agreed_at, at, CALENDAR, holds * 2) == moved
