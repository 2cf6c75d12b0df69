"""When warnings leave, who was told in time, and which price holds: to the day."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from subscribing import in_city

from tracker import clock
from tracker.notices.rules import WINDOW_CLOSES, WINDOW_OPENS
from tracker.tariff_changes.rules import Spread, Step, Told, how_told, price_on, spread
from tracker.tariffs.rules import ChangeKind, earliest_effective_on, latest_notice_on

DAYS = st.dates(date(2024, 1, 1), date(2040, 12, 31))
NEW_YEAR = date(2027, 1, 1)


@given(DAYS)
def test_the_earliest_day_and_the_latest_notice_agree(told_on: date) -> None:
    earliest = earliest_effective_on(told_on)
    assert latest_notice_on(earliest) >= told_on
    assert latest_notice_on(earliest - timedelta(days=1)) < told_on


@pytest.mark.parametrize(
    ("arrived", "told"),
    [
        # 2026-11-30 is the last day for a change on 2027-01-01: a second decides.
        (in_city(2026, 11, 30, 23, 59, 59), Told.ON_TIME),
        (in_city(2026, 12, 1, 0, 0, 1), Told.LATE),
    ],
)
def test_a_receipt_counts_on_the_day_of_the_city(arrived: datetime, told: Told) -> None:
    assert how_told(clock.local_date(arrived), NEW_YEAR, date(2026, 12, 24)) is told


@pytest.mark.parametrize(
    ("today", "told"), [(date(2026, 11, 30), Told.WAITING), (date(2026, 12, 1), Told.NOT_REACHED)]
)
def test_who_was_not_told(today: date, told: Told) -> None:
    assert how_told(None, NEW_YEAR, today) is told


@given(
    st.integers(0, 181 * 86400).map(lambda seconds: in_city(2026, 9, 1) + timedelta(seconds=seconds)),
    st.integers(1, 2_000_000),
    st.floats(0, 1, exclude_max=True),
    st.none() | st.floats(1_000, 10_000_000),
)
def test_every_text_leaves_in_a_window_not_before_45_days_and_not_before_now(
    now: datetime, count: int, chance: float, most: float | None
) -> None:
    leaving = spread(NEW_YEAR, count, now, most)
    at = leaving.at(chance)
    assert WINDOW_OPENS <= clock.local(at).time() < WINDOW_CLOSES
    assert at >= now - timedelta(seconds=1)
    assert clock.local_date(at) >= date(2026, 11, 17)
    if most:
        assert count <= most * leaving.days


def test_a_million_texts_leave_a_week_before_it_is_too_late() -> None:
    leaving = spread(NEW_YEAR, 1_000_000, in_city(2026, 10, 1, 12))
    assert leaving == Spread(in_city(2026, 11, 17, 8), 0, 7)
    assert (
        clock.local_date(leaving.at(0.9999999))
        == date(2026, 11, 23)
        == latest_notice_on(NEW_YEAR) - timedelta(days=7)
    )


def test_few_texts_leave_on_one_day_and_a_slow_provider_takes_longer() -> None:
    assert spread(NEW_YEAR, 20_000, in_city(2026, 10, 1, 12)).days == 1
    assert spread(NEW_YEAR, 20_001, in_city(2026, 10, 1, 12)).days == 2
    assert spread(NEW_YEAR, 100_000, in_city(2026, 10, 1, 12), 10_000).days == 10


def step(change: int, effective: date, told: date | None, fen: int) -> Step:
    return Step(change, ChangeKind.PRICE, fen, effective, told)


@pytest.mark.parametrize(
    ("told", "day", "fen"),
    [
        (date(2026, 11, 30), date(2026, 12, 31), 12900),
        (date(2026, 11, 30), date(2027, 1, 1), 13900),
        # Told a day late: a month after it has run out, and no earlier.
        (date(2026, 12, 1), date(2027, 1, 1), 12900),
        (date(2026, 12, 1), date(2027, 1, 2), 13900),
        (date(2027, 1, 31), date(2027, 2, 28), 12900),
        (date(2027, 1, 31), date(2027, 3, 1), 13900),
        (None, date(2030, 1, 1), 12900),
    ],
)
def test_a_price_holds_a_month_after_it_was_told(told: date | None, day: date, fen: int) -> None:
    assert price_on(12900, [step(1, NEW_YEAR, told, 13900)], day).fen == fen


def test_the_latest_change_that_has_begun_decides() -> None:
    steps = [
        step(2, date(2027, 2, 1), date(2026, 12, 15), 14900),
        # Told late, it would begin after the one that was meant to follow it.
        step(1, NEW_YEAR, date(2027, 2, 4), 13900),
    ]
    price = price_on(12900, steps, date(2027, 1, 15))
    assert (price.fen, price.by, [s.change_id for s in price.held_back]) == (12900, None, [1])
    assert [s.change_id for s in price.ahead] == [2]
    assert price_on(12900, steps, date(2027, 2, 1)).fen == 14900
    assert price_on(12900, steps, date(2027, 6, 1)).fen == 14900


@given(
    st.lists(st.tuples(DAYS, st.none() | DAYS, st.integers(0, 50_000)), max_size=5),
    DAYS,
    st.integers(0, 50_000),
)
def test_nobody_pays_a_price_that_they_were_not_told_of_a_month_before(
    changes: list[tuple[date, date | None, int]], day: date, agreed: int
) -> None:
    steps = [step(n, effective, told, fen) for n, (effective, told, fen) in enumerate(changes)]
    price = price_on(agreed, steps, day)
    if price.by is None:
        assert price.fen == agreed
    else:
        assert price.by.told_on is not None
        assert earliest_effective_on(price.by.told_on) <= day
        assert price.by.effective_on <= day
