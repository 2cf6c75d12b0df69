"""Looking an order up: what it shows, what it never shows, and what happens when things fail."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tracker import clock
from tracker.orders import numbers
from tracker.orders.actor import Actor
from tracker.orders.place_orders import Placed
from tracker.orders.record_payment import record_payment
from tracker.orders.record_progress import record_progress
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

Place = Callable[..., Placed]
LookUp = Callable[..., TestResponse]

TUESDAY_MORNING = datetime(2026, 11, 24, 8, 40, tzinfo=clock.CITY_ZONE)


@pytest.fixture(autouse=True)
def on_a_tuesday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: TUESDAY_MORNING)


@pytest.fixture
def number(place: Place) -> str:
    return place(accepted_at="2026-11-23T09:30:00+08:00").number


def test_the_answer_stands_first(look_up: LookUp, number: str) -> None:
    answer = look_up(number)
    assert answer.status_code == 200
    for words in (
        number,
        "已受理",
        "按时",
        "11月25日（周三）",
        "09:30",
        "还有 1 天",
        "48小时内",
        "清远电信",
        "10000",
    ):
        assert words in answer.text
    assert 'lang="zh-CN"' in answer.text
    assert "安装费" in answer.text
    assert "未缴" in answer.text
    assert "129 元/月" in answer.text


def test_it_speaks_english(look_up: LookUp, number: str) -> None:
    page = look_up(number, accept="en-GB,en").text
    accepted = ("Accepted", "On time", "Wednesday 25 November", "Within 48 hours", "Qingyuan Telecom")
    for words in ('lang="en"', *accepted):
        assert words in page
    assert "承诺" not in page


@pytest.mark.parametrize("typed", ["{} ", "{lower}", "{dashed}", "{wide}"])
def test_typing_habits_are_forgiven(look_up: LookUp, number: str, typed: str) -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) for char in number)
    dashed = f"{number[:2]}-{number[2:8]} {number[8:]}"
    as_typed = typed.format(number, lower=number.lower(), dashed=dashed, wide=wide)
    assert look_up(as_typed, "１２３４").status_code == 200


def test_nothing_names_the_person(look_up: LookUp, number: str) -> None:
    page = look_up(number).text
    for personal in ("张三", "13800001234", "8000", "1234", "测试路", "301房"):
        assert personal not in page.replace(number, "")


def test_progress_payments_and_a_fallback_are_shown(
    runtime: Runtime, channel: ChannelFacts, look_up: LookUp, number: str
) -> None:
    actor = Actor.of_channel(channel)
    at = datetime(2026, 11, 23, 10, tzinfo=clock.CITY_ZONE)
    slot = {"starts_at": at + timedelta(days=1), "ends_at": at + timedelta(days=1, hours=2)}
    for step in (
        {"stage": "verified"},
        {"stage": "resource_checked"},
        {"stage": "dispatched"},
        {"stage": "appointed", "appointment": slot},
        {"stage": "on_site"},
        {"stage": "appointed", "appointment": slot, "reason_code": "no_power"},
    ):
        at += timedelta(minutes=30)
        record_progress(runtime, actor, number, step | {"occurred_at": at})
    for amount, reference in ((10000, "A"), (-3000, "B")):
        payment = {"fee": "installation", "amount_fen": amount, "reference": reference, "paid_at": at}
        record_payment(runtime, actor, number, payment)
    page = look_up(number).text
    for words in ("已预约", "需要重新预约上门", "原因：未通电", "11月23日 13:00", "已缴", "其中已退还 30 元"):
        assert words in page


def test_a_returned_order_is_shown_honestly(
    runtime: Runtime, channel: ChannelFacts, look_up: LookUp, number: str
) -> None:
    step = {"stage": "returned", "reason_code": "line_missing"}
    record_progress(runtime, Actor.of_channel(channel), number, step)
    page = look_up(number).text
    assert "已退单" in page
    assert "原因：线路没到" in page
    assert "按时" not in page
    assert "无需缴纳" in page


def test_late_says_so_and_what_to_do(look_up: LookUp, place: Place) -> None:
    page = look_up(place(accepted_at="2026-11-21T09:30:00+08:00").number).text
    assert "已超时" in page
    assert "已超过" in page
    assert "请拨打清远电信客服热线" in page


def test_a_provisional_date_says_that_it_is(
    look_up: LookUp, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    enterprise = {"customer__kind": "enterprise", "plan": "24GD110002"}
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 31, 10, tzinfo=clock.CITY_ZONE))
    number = place(accepted_at="2026-12-31T09:30:00+08:00", **enterprise).number
    assert "以国务院节假日安排公布后为准" in look_up(number).text


def test_no_such_order_and_wrong_digits_get_the_same_answer(
    look_up: LookUp, number: str, statements: list[str | bytes]
) -> None:
    # Whoever comes first asks for what is locked, too.
    look_up(numbers.new_number(TUESDAY_MORNING.date()))
    other = numbers.new_number(TUESDAY_MORNING.date())
    statements.clear()
    wrong_digits = look_up(number, "9999")
    of_wrong_digits = list(statements)
    statements.clear()
    no_order = look_up(other, "9999")
    assert wrong_digits.status_code == no_order.status_code == 404
    assert wrong_digits.text.replace(number, "") == no_order.text.replace(other, "")
    assert dict(wrong_digits.headers) == dict(no_order.headers)
    # The order is asked for, and the wrong try counted.
    assert len(statements) == 2
    assert of_wrong_digits == statements


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("", ""),
        ("QY26", "1234"),
        ("QY261123K7M4QZX", "12"),
        ("x" * 500, "\x00abc"),
        ("é中", "１２３"),
    ],
)
def test_what_cannot_be_right_is_pointed_out(look_up: LookUp, typed: str, digits: str) -> None:
    answer = look_up(typed, digits)
    assert answer.status_code == 404
    assert "没有查到订单" in answer.text


def test_a_found_order_can_be_shown_again_without_its_digits(
    look_up: LookUp, client: FlaskClient, number: str
) -> None:
    page = look_up(number).text
    ticket = page.split('name="ticket" value="')[1].split('"')[0]
    answer = client.post("/status", data={"ticket": ticket, "elder": "1", "lang": "en"})
    assert answer.status_code == 200
    assert number in answer.text
    assert 'lang="en" data-elder' in answer.text
    assert client.get("/").text.count('lang="en" data-elder') == 1
    assert client.post("/status", data={"ticket": ticket + "0"}).status_code == 410
