"""What a customer is shown: punctuality, steps, fees, and the words for dates and money."""

from datetime import UTC, date, datetime, timedelta

import pytest

from public_status import rules, tickets
from public_status.rules import Happening
from tracker import crypto
from tracker.clock import CITY_ZONE
from tracker.orders.rules import PATH, Stage
from tracker.orders.standing import MARK_WORDS, STAGE_WORDS, TONES, Mark, mark_of
from tracker.pages import wording

THURSDAY = date(2026, 11, 12)
DEADLINE = datetime(2026, 11, 12, 18, tzinfo=CITY_ZONE)
START = datetime(2026, 11, 9, 9, tzinfo=CITY_ZONE)


def moves(*stages: Stage, every: timedelta = timedelta(hours=1)) -> list[Happening]:
    return [Happening(stage, START + every * number) for number, stage in enumerate(stages)]


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (timedelta(days=2), Mark.ON_TIME),
        (timedelta(hours=12, seconds=1), Mark.ON_TIME),
        (timedelta(hours=12), Mark.NEAR),
        (timedelta(0), Mark.NEAR),
        (timedelta(seconds=-1), Mark.LATE),
    ],
)
def test_an_open_order_is_on_time_near_or_late(left: timedelta, expected: Mark) -> None:
    assert mark_of(Stage.DISPATCHED, None, DEADLINE, DEADLINE - left) is expected


@pytest.mark.parametrize(
    ("late_by", "expected"), [(timedelta(0), Mark.KEPT), (timedelta(seconds=1), Mark.MISSED)]
)
def test_a_connected_order_is_judged_by_when_it_was_connected(late_by: timedelta, expected: Mark) -> None:
    happenings = [*moves(*PATH[:6]), Happening(Stage.ACTIVATED, DEADLINE + late_by)]
    a_week_later = DEADLINE + timedelta(days=7)
    happenings.append(Happening(Stage.COMPLETED, a_week_later))
    connected_at = rules.connected_at(happenings)
    for stage in (Stage.ACTIVATED, Stage.COMPLETED):
        assert mark_of(stage, connected_at, DEADLINE, a_week_later) is expected


@pytest.mark.parametrize("stage", [Stage.WITHDRAWN, Stage.RETURNED])
def test_an_order_that_ended_early_is_neither_kept_nor_missed(stage: Stage) -> None:
    assert mark_of(stage, None, DEADLINE, DEADLINE + timedelta(days=1)) is None


@pytest.mark.parametrize("stage", PATH)
def test_the_timeline_tells_what_is_done_what_is_now_and_what_is_to_come(stage: Stage) -> None:
    at = PATH.index(stage)
    steps = rules.timeline(stage, moves(*PATH[: at + 1]))
    here = "done" if stage is Stage.COMPLETED else "now"
    assert [step.state for step in steps] == ["done"] * at + [here] + ["next"] * (len(PATH) - at - 1)
    assert [step.at is not None for step in steps] == [True] * (at + 1) + [False] * (len(PATH) - at - 1)


def test_an_order_that_fell_back_says_why_and_repeats_no_step() -> None:
    happenings = [*moves(*PATH[:6]), Happening(Stage.APPOINTED, DEADLINE, "householder_absent")]
    steps = rules.timeline(Stage.APPOINTED, happenings)
    now = next(step for step in steps if step.state == "now")
    assert (now.at, now.note, now.reason_code) == (DEADLINE, "需要重新预约上门", "householder_absent")
    assert len(steps) == len(PATH)
    assert steps[-3].state == "next"


def test_an_order_that_was_returned_shows_how_far_it_came_and_why() -> None:
    happenings = [*moves(*PATH[:3]), Happening(Stage.RETURNED, DEADLINE, "line_missing")]
    steps = rules.timeline(Stage.RETURNED, happenings)
    assert [step.state for step in steps] == ["done", "done", "done", "ended"]
    assert (steps[-1].word, steps[-1].at, steps[-1].reason_code) == ("已退单", DEADLINE, "line_missing")


def test_every_stage_has_its_words() -> None:
    for stage in Stage:
        assert STAGE_WORDS[stage]
        assert rules.NEXT_WORDS[stage]
    assert set(rules.TASK_WORDS) == set(PATH)
    assert set(MARK_WORDS) == set(TONES) == set(Mark)


def test_a_reason_that_says_nothing_is_not_shown() -> None:
    assert rules.reason_words("no_power", "zh") == "未通电"
    assert rules.reason_words("no_power", "en") == "no electricity on site"
    assert rules.reason_words("other", "zh") == rules.reason_words(None, "zh") == ""


@pytest.mark.parametrize(
    ("at", "zh", "en"),
    [
        ("2026-11-12T18:00+08:00", "11月12日（周四）18:00", "18:00 on Thursday 12 November"),
        # Midnight is the end of the day that was promised: Sunday 15 November.
        ("2026-11-16T00:00+08:00", "11月15日（周日）24:00", "24:00 on Sunday 15 November"),
        ("2026-11-14T09:05+08:00", "11月14日（周六）09:05", "09:05 on Saturday 14 November"),
        ("2026-11-11T16:30+00:00", "11月12日（周四）00:30", "00:30 on Thursday 12 November"),
        ("2027-01-04T18:00+08:00", "2027年1月4日（周一）18:00", "18:00 on Monday 4 January 2027"),
    ],
)
def test_a_deadline_is_said_as_people_say_it(at: str, zh: str, en: str) -> None:
    instant = datetime.fromisoformat(at)
    assert wording.deadline(instant, "zh", THURSDAY) == zh
    assert wording.deadline(instant, "en", THURSDAY) == en


@pytest.mark.parametrize(
    ("length", "zh", "en"),
    [
        (timedelta(days=2, hours=3, minutes=59), "2 天 3 小时", "2 days 3 hours"),
        (timedelta(days=1), "1 天", "1 day"),
        (timedelta(hours=3, minutes=20), "3 小时 20 分钟", "3 hours 20 minutes"),
        (timedelta(minutes=1, seconds=59), "1 分钟", "1 minute"),
        (timedelta(seconds=20), "0 分钟", "0 minutes"),
        (timedelta(seconds=-20), "0 分钟", "0 minutes"),
    ],
)
def test_a_length_of_time_is_said_in_two_units(length: timedelta, zh: str, en: str) -> None:
    assert wording.span(length, "zh") == zh
    assert wording.span(length, "en") == en


def test_money_speed_and_clauses() -> None:
    assert wording.monthly(12900, "zh") == "129 元/月"
    assert wording.monthly(12950, "en") == "¥129.50 a month"
    assert wording.bandwidth(1000, "zh") == "1000M"
    assert wording.clauses("合约期24个月；限新装；", "zh") == ["合约期24个月", "限新装"]
    assert wording.clauses("24-month term; new lines only", "en") == ["24-month term", "New lines only"]


def test_a_ticket_opens_one_order_for_half_an_hour() -> None:
    keys, now = crypto.new_ring(), datetime(2026, 11, 12, 1, tzinfo=UTC)
    ticket = tickets.issue(keys, "QY261123K7M4QZX", now)
    assert tickets.number_of(keys, ticket, now + timedelta(minutes=29)) == "QY261123K7M4QZX"
    assert tickets.number_of(keys, ticket, now + timedelta(minutes=30)) is None
    assert tickets.number_of(crypto.new_ring(), ticket, now) is None
    number, ends, digest = ticket.split(".")
    later = f"{number}.{int(ends) + 60}.{digest}"
    another = f"QY261123K7M4QZY.{ends}.{digest}"
    for forged in (another, later, number, "", "..", "é.1.é"):
        assert tickets.number_of(keys, forged, now) is None
