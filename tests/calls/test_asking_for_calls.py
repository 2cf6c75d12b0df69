"""A call to the customer of an order is asked for: one task, whoever asks how often."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.calling import LANDLINE, MORNING, Exchange
from tracker.calls.ask_call import ask_call
from tracker.notices.deliver import deliver
from tracker.orders.actor import Actor
from tracker.orders.record_progress import record_progress
from tracker.problems import Refusal


def ask(exchange: Exchange, number: str) -> int:
    return ask_call(exchange.runtime, exchange.actor, number)


def tasks(exchange: Exchange) -> list[tuple[str, str | None]]:
    rows = exchange.all("SELECT reason, outcome FROM call_tasks ORDER BY id")
    return [(row.reason, row.outcome) for row in rows]


def test_what_is_to_be_said_is_told_by_nobody_else(exchange: Exchange) -> None:
    placed = exchange.place()
    task = exchange.one("SELECT * FROM call_tasks WHERE id = :id", id=ask(exchange, placed.number))
    assert (task.order_id, task.reason, task.next_attempt_at) == (placed.order_id, "asked", MORNING)
    notice = exchange.notice(task.notice_id)
    assert (notice.template, notice.state) == ("visit_to_agree", "call")
    assert notice.body == (
        f"您的宽带订单{placed.number}承诺11月26日10时前装通，现需与您确认上门安排，回电请拨10000。【清远电信】"
    )
    deliver(exchange.runtime, "progress")
    assert {sms.notice_id for sms in exchange.gateway.sent}.isdisjoint({notice.id})


def test_asked_again_it_is_the_same_until_it_is_over(exchange: Exchange) -> None:
    number = exchange.place().number
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: ask(exchange, number), range(4)))
    assert len(found) == 1
    exchange.call(*found, "no_answer")
    assert ask(exchange, number) == next(iter(found))
    exchange.call(*found, "reached")
    assert ask(exchange, number) not in found
    assert tasks(exchange) == [("asked", "reached"), ("asked", None)]


def test_one_that_is_open_for_another_reason_serves(exchange: Exchange) -> None:
    notice = exchange.refused()
    assert ask(exchange, notice.params["number"]) == exchange.task(notice).id
    assert tasks(exchange) == [("refused", None)]


def test_a_landline_says_why_no_text_follows(exchange: Exchange) -> None:
    notice = exchange.send(customer__phone=LANDLINE)
    exchange.call(exchange.task(notice).id, "reached")
    ask(exchange, notice.params["number"])
    assert tasks(exchange) == [("landline", "reached"), ("landline", None)]


def test_nobody_calls_about_an_order_that_has_ended(exchange: Exchange) -> None:
    number = exchange.place().number
    ask(exchange, number)
    withdrawn = {"stage": "withdrawn", "reason_code": "no_longer_wanted"}
    record_progress(exchange.runtime, exchange.actor, number, withdrawn)
    assert tasks(exchange) == [("asked", "not_needed")]
    with pytest.raises(Refusal) as refused:
        ask(exchange, number)
    assert [fault.rule for fault in refused.value.faults] == ["call.order_done"]


def test_another_operators_order_is_none(exchange: Exchange) -> None:
    number = exchange.place().number
    with pytest.raises(Refusal) as refused:
        ask_call(exchange.runtime, Actor(exchange.operator_id + 1, "staff:li"), number)
    assert [fault.rule for fault in refused.value.faults] == ["order.not_found"]
    assert tasks(exchange) == []
