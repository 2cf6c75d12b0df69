"""Days, numbers and words of complaints: what is decided without a database."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.clock import CITY_ZONE
from tracker.complaints.rules import (
    OLDEST,
    State,
    due_on,
    first_follow_up,
    follow_up_faults,
    new_number,
    normalise_number,
    rating_faults,
    received_faults,
    result_faults,
    standing_of,
)


def on(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=CITY_ZONE)


@dataclass
class Stood:
    """A complaint as its standing sees it."""

    state: str
    due_on: date
    ended_at: datetime | None = None


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (on(11, 24), date(2026, 12, 9)),
        (on(11, 24, 0, 0), date(2026, 12, 9)),
        # Half past seven in the morning of the 25th in Qingyuan is still the 24th in UTC.
        (on(11, 25, 7, 30), date(2026, 12, 10)),
        (on(12, 20), date(2027, 1, 4)),
    ],
)
def test_the_day_of_receipt_does_not_count(received: datetime, due: date) -> None:
    assert due_on(received) == due


def test_the_first_follow_up_is_tomorrow_or_today_where_the_answer_is_due() -> None:
    assert first_follow_up(on(11, 24), date(2026, 12, 9)) == date(2026, 11, 25)
    assert first_follow_up(on(11, 24), date(2026, 11, 24)) == date(2026, 11, 24)
    assert first_follow_up(on(11, 24), date(2026, 11, 20)) == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("day", "ok"),
    [(23, False), (24, True), (30, True), (31, False)],
)
def test_a_follow_up_lies_between_today_and_the_due_day(day: int, ok: bool) -> None:
    found = follow_up_faults(date(2026, 10, day), date(2026, 10, 24), date(2026, 10, 30))
    assert [fault.rule for fault in found] == ([] if ok else ["complaint.follow_up_day"])


def test_what_is_overdue_is_looked_after_within_three_days() -> None:
    today, due = date(2026, 11, 24), date(2026, 11, 20)
    assert follow_up_faults(date(2026, 11, 27), today, due) == []
    (fault,) = follow_up_faults(date(2026, 11, 28), today, due)
    assert fault.words() == "下次跟进不早于今天，不晚于 11月27日"


@pytest.mark.parametrize(
    ("stood", "standing"),
    [
        (Stood(State.OPEN, date(2026, 11, 28)), "on_time"),
        (Stood(State.OPEN, date(2026, 11, 27)), "near"),
        (Stood(State.OPEN, date(2026, 11, 24)), "near"),
        (Stood(State.OPEN, date(2026, 11, 23)), "overdue"),
        (Stood(State.CLOSED, date(2026, 11, 20), on(11, 20, 23, 59)), "closed"),
        (Stood(State.CLOSED, date(2026, 11, 20), on(11, 21, 0, 0)), "closed_late"),
        (Stood(State.RETRACTED, date(2026, 11, 20), on(11, 23)), "retracted"),
    ],
)
def test_how_a_complaint_stands(stood: Stood, standing: str) -> None:
    assert standing_of(stood, date(2026, 11, 24)) == standing


def test_when_it_may_have_been_received() -> None:
    now = on(11, 24)
    assert received_faults(now + timedelta(minutes=5), now) == []
    assert received_faults(now + timedelta(minutes=6), now)[0].rule == "complaint.received_ahead"
    assert received_faults(now - OLDEST, now) == []
    assert received_faults(now - OLDEST - timedelta(seconds=1), now)[0].rule == "complaint.too_old"


@given(st.dates(date(2024, 1, 1), date(2099, 12, 31)))
def test_a_number_is_known_again_however_it_is_typed(day: date) -> None:
    number = new_number(day)
    assert len(number) == 14
    assert number[2:8] == f"{day:%y%m%d}"
    typed = f" {number[:8].lower()}-{number[8:]} "
    assert normalise_number(typed) == number
    wide = "".join(chr(ord(char) + 0xFEE0) for char in number)
    assert normalise_number(wide) == number


@given(st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(place: int, step: int) -> None:
    number = new_number(date(2026, 11, 24))
    digits = list(number[2:])
    digits[place] = str((int(digits[place]) + step) % 10)
    assert normalise_number("TS" + "".join(digits)) is None


@pytest.mark.parametrize("typed", ["", "TS", "TS26112448071", "QY261124K7M4QZX", "TS2611244807155", "投诉"])
def test_what_is_no_number(typed: str) -> None:
    assert normalise_number(typed) is None


@pytest.mark.parametrize(
    ("result", "rule"),
    [
        ("已上门补装并致歉", None),
        ("11月24日已安装，编号2611240123", None),
        ("已联系13712345678，客户满意", "complaint.personal"),
        ("身份证441802199001011234已核验", "complaint.personal"),
        ("44180219900101123X已核验", "complaint.personal"),
        ("退还安装费¥100", "complaint.words"),
        ("详见 www.example.com", "complaint.words"),
        ("赠送一个月", "complaint.words"),
        ("已处理【电信】", "complaint.words"),
    ],
)
def test_a_result_that_goes_out_by_text(result: str, rule: str | None) -> None:
    assert [fault.rule for fault in result_faults(result)] == ([] if rule is None else [rule])


def test_when_an_order_may_be_rated() -> None:
    closed, now = on(10, 25), on(11, 24)
    assert rating_faults("completed", closed, now) == []
    assert rating_faults("completed", closed, now + timedelta(seconds=1))[0].rule == "rating.too_late"
    for stage in ("activated", "withdrawn", "returned"):
        assert rating_faults(stage, closed, now)[0].rule == "rating.not_completed"
