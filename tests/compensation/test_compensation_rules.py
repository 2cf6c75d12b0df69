"""Days, fee and rate: cases with the working beside them, and what holds of any."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.compensation.rules import (
    State,
    Stretch,
    amount_of,
    as_json,
    covered,
    left_out_of,
    started_days,
    state_of,
    working_of,
)

# A Thursday, 18:00 in Qingyuan.
DUE = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)


def excused(begin: timedelta, end: timedelta) -> Stretch:
    return Stretch(DUE + begin, DUE + end)


@pytest.mark.parametrize(
    ("late", "days"),
    [
        (timedelta(microseconds=1), 1),
        (SECOND, 1),
        (DAY - SECOND, 1),
        (DAY, 1),
        (DAY + SECOND, 2),
        (3 * DAY, 3),
        (400 * DAY + HOUR, 401),
    ],
)
def test_a_day_that_was_begun_counts_as_a_whole(late: timedelta, days: int) -> None:
    working = working_of(DUE, DUE + late, [], 10_000)
    assert working is not None
    assert (working.days, working.amount_fen) == (days, days * 100)


@pytest.mark.parametrize("early", [timedelta(0), SECOND, 9 * DAY])
def test_what_was_connected_in_time_comes_to_nothing(early: timedelta) -> None:
    assert working_of(DUE, DUE - early, [], 10_000) is None


@pytest.mark.parametrize(
    ("days", "fee_fen", "amount_fen"),
    [
        (3, 10_000, 300),  # 3 days × 1 % × 100.00 = 3.00
        (1, 0, 0),  # a free installation
        (1, 50, 1),  # half a fen goes up
        (1, 49, 0),
        (7, 1_234, 86),  # 86.38
        (5, 1_230, 62),  # 61.5
        (150, 10_000, 15_000),  # the law knows no ceiling
    ],
)
def test_money_is_rounded_once_and_half_a_fen_upwards(days: int, fee_fen: int, amount_fen: int) -> None:
    assert amount_of(days, fee_fen) == amount_fen


@pytest.mark.parametrize(
    ("stretches", "hours", "days"),
    [
        # 49 hours late in all.
        ([], 49, 3),
        ([excused(HOUR, 2 * HOUR)], 48, 2),
        ([excused(-9 * DAY, 9 * DAY)], 0, 0),
        # Only what lies between the deadline and the connection is left out.
        ([excused(-DAY, HOUR)], 48, 2),
        ([excused(48 * HOUR, 90 * HOUR)], 48, 2),
        ([excused(-2 * DAY, -DAY), excused(60 * HOUR, 90 * HOUR)], 49, 3),
        # What overlaps counts once, a hold and an excuse alike.
        ([excused(0 * HOUR, 20 * HOUR), excused(10 * HOUR, 25 * HOUR)], 24, 1),
        ([excused(0 * HOUR, 20 * HOUR), Stretch(DUE + 5 * HOUR, DUE + 15 * HOUR, "hold")], 29, 2),
        # An empty one, of a hold that was lifted before it began.
        ([excused(5 * HOUR, 5 * HOUR)], 49, 3),
    ],
)
def test_what_is_not_the_operators_doing_is_left_out(stretches: list[Stretch], hours: int, days: int) -> None:
    working = working_of(DUE, DUE + 49 * HOUR, stretches, 10_000)
    assert working is not None
    assert (working.fault, working.days) == (hours * HOUR, days)
    assert all(DUE <= one.starts_at < one.ends_at <= DUE + 49 * HOUR for one in working.left_out)


@pytest.mark.parametrize(
    ("amount_fen", "paid_fen", "state"),
    [
        (300, 0, State.OWED),
        (300, 100, State.OWED),
        (300, 300, State.PAID),
        (100, 300, State.OVERPAID),
        (0, 300, State.OVERPAID),
        (0, 0, State.NOTHING),
    ],
)
def test_how_it_stands(amount_fen: int, paid_fen: int, state: State) -> None:
    assert state_of(amount_fen, paid_fen) is state


_hours = st.integers(-100, 400)
_stretches = st.lists(st.tuples(_hours, st.integers(0, 200), st.sampled_from(["excuse", "hold"])), max_size=6)


def made(parts: list[tuple[int, int, str]]) -> list[Stretch]:
    return [Stretch(DUE + begin * HOUR, DUE + (begin + length) * HOUR, of) for begin, length, of in parts]


@given(late=st.integers(1, 300), parts=_stretches, fee=st.integers(0, 10_000_000))
def test_hours_are_counted_one_by_one(late: int, parts: list[tuple[int, int, str]], fee: int) -> None:
    """The oracle looks at every hour by itself."""
    stretches = made(parts)
    working = working_of(DUE, DUE + late * HOUR, stretches, fee)
    assert working is not None
    free = [
        hour
        for hour in range(late)
        if not any(one.starts_at <= DUE + hour * HOUR < one.ends_at for one in stretches)
    ]
    assert working.fault == len(free) * HOUR
    assert working.days == (len(free) + 23) // 24
    exact = Decimal(working.days * fee) / 100
    assert abs(working.amount_fen - exact) <= Decimal("0.5")
    assert left_out_of(as_json(working)) == working.left_out


@given(late=st.integers(1, 300), parts=_stretches, more=_stretches, fee=st.integers(0, 10_000_000))
def test_a_further_excuse_never_costs_the_operator_more(
    late: int, parts: list[tuple[int, int, str]], more: list[tuple[int, int, str]], fee: int
) -> None:
    before = working_of(DUE, DUE + late * HOUR, made(parts), fee)
    after = working_of(DUE, DUE + late * HOUR, made(parts + more), fee)
    assert before is not None
    assert after is not None
    assert after.amount_fen <= before.amount_fen
    assert covered(after.left_out) + after.fault == late * HOUR


@given(st.timedeltas(timedelta(0), timedelta(days=5000)))
def test_days_that_were_begun(length: timedelta) -> None:
    days = started_days(length)
    assert (days - 1) * DAY < length <= days * DAY or (days == 0 and not length)
