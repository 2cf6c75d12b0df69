"""Days, fees and parts of a whole as the pages of changes say them, and the drawings of those pages."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.channels.quotas import Quota
from tracker.pages import wording
from tracker.pages.change_drawing import WIDTH, Day, bar, in_order
from tracker.tariff_changes.coverage import Coverage

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("away", "zh", "en"),
    [
        (0, "今天", "today"),
        (1, "明天", "tomorrow"),
        (-1, "昨天", "yesterday"),
        (2, "2 天后", "in 2 days"),
        (38, "38 天后", "in 38 days"),
        (-4, "4 天前", "4 days ago"),
    ],
)
def test_how_far_away_a_day_is(away: int, zh: str, en: str) -> None:
    day = TODAY + timedelta(days=away)
    assert wording.relative_day(day, "zh", TODAY) == zh
    assert wording.relative_day(day, "en", TODAY) == en


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 0, "0%"),
        (0, 9, "0%"),
        (9, 9, "100%"),
        (1, 2, "50%"),
        (2, 3, "66.7%"),
        (999_999, 1_000_000, "99.9%"),
        (1, 1_000_000, "0.1%"),
    ],
)
def test_a_share_is_whole_or_nothing_only_where_it_is(part: int, whole: int, said: str) -> None:
    assert wording.share(part, whole) == said


def test_a_fee_before_and_after() -> None:
    assert wording.fee_change(12900, 13950, "zh") == "129 → 139.50 元/月"
    assert wording.fee_change(12900, 13950, "en") == "¥129 → ¥139.50 a month"
    assert wording.month_of_year(date(2027, 1, 15), "zh") == "2027年1月"
    assert wording.month_of_year(date(2027, 1, 15), "en") == "January 2027"


@given(st.lists(st.integers(0, 2_000_000), min_size=5, max_size=5))
def test_the_bar_is_filled_in_order_and_nobody_vanishes(counts: list[int]) -> None:
    on_time, late, waiting, not_reached, unwarned = counts
    told = Coverage(
        sum(counts[:4]), on_time, late, waiting, not_reached, 0, 0, 0, unwarned, datetime.now(UTC)
    )
    segments = bar(told)
    assert [segment.count for segment in segments] == [count for count in counts if count]
    right = 0.0
    for segment in segments:
        assert segment.x == pytest.approx(right, abs=0.02)
        assert segment.width > 5
        right = segment.x + segment.width
    assert not segments or right == pytest.approx(WIDTH, abs=0.05)


def test_today_stands_after_what_is_done_today_or_before_what_will_be() -> None:
    other, now = Day(TODAY, "首批告知发出"), Day(TODAY, "今天", is_today=True)
    later, earlier = Day(TODAY + timedelta(days=1), "生效"), Day(TODAY - timedelta(days=1), "公告")
    assert in_order([later, other, earlier], now) == [earlier, other, now, later]
    assert in_order([later, other, earlier], now, today_first=True) == [earlier, now, other, later]
    to_come = replace(other, is_ahead=True)
    assert in_order([later, to_come, earlier], now) == [earlier, now, to_come, later]


@pytest.mark.parametrize(
    ("words", "zh", "en"),
    [
        ("6000 per minute", "6,000 次/分钟", "6,000 a minute"),
        ("5 per second", "5 次/秒", "5 a second"),
        ("9 per 2 hours", "7,200 秒 9 次", "9 in 7,200 seconds"),
    ],
)
def test_a_limit_is_said_by_its_unit(words: str, zh: str, en: str) -> None:
    quota = Quota.read(words)
    assert (wording.limit(quota, "zh"), wording.limit(quota, "en")) == (zh, en)
