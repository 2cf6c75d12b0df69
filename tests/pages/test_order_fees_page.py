"""The money of an order at the desk: how each fee stands, and every charge and payment."""

import re
from datetime import timedelta

import pytest

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.record_payment import record_charge, record_payment
from tracker.orders.record_progress import record_progress


@pytest.fixture
def number(place):
    return place().number


@pytest.fixture
def record(runtime, channel, number):
    """Records a charge or a payment of the order."""

    def make(write, fee, amount_fen, reference, **more):
        request = {"fee": fee, "amount_fen": amount_fen, "reference": reference, **more}
        write(runtime, Actor.of_channel(channel), number, request)

    return make


def words_of(html: str) -> str:
    """What a page says, with single blanks."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_an_order_without_entries_shows_what_it_costs(desk, number) -> None:
    page = words_of(desk.get(f"/orders/{number}/fees").text)
    assert "待缴 100 元" in page
    assert "安装费 100 元 未缴" in page
    assert "还没有收费或缴费记录" in page


def test_all_that_was_recorded_is_shown(desk, number, record) -> None:
    today = clock.today()
    record(record_charge, "deposit", 20000, "C-1", reason="光猫押金", due_on=today + timedelta(days=3))
    record(record_charge, "installation", -3000, "C-2", reason="老客户减免")
    record(record_payment, "installation", 10000, "P-1", method="wechat", receipt="0763-118")
    record(record_payment, "deposit", 20000, "P-2", method="cash")
    record(record_payment, "deposit", -20000, "P-3", reason="光猫已归还")
    page = words_of(desk.get(f"/orders/{number}/fees").text)
    assert "安装费 30 元 待退还 老客户减免 应收 70 元 已减免 30 元 已缴 100 元" in page
    assert "押金 200 元 已退还 光猫押金" in page
    entries = page[page.index("收费与缴费记录") :]
    for told in ("退费 押金 200 元", "缴费 安装费 100 元", "减免 安装费 30 元", "收费 押金 200 元"):
        assert told in entries
    # The newest first.
    assert entries.index("退费") < entries.index("P-1") < entries.index("C-1")
    for told in ("微信 · 票据 0763-118", "光猫已归还", "官方APP", "缴费期限"):
        assert told in entries
    english = words_of(desk.get(f"/orders/{number}/fees?lang=en").text)
    for told in ("¥30 to be refunded", "Refund Deposit ¥200", "WeChat Pay · receipt 0763-118", "Waiver"):
        assert told in english


def test_the_list_leads_to_what_is_open(desk, number, record, runtime, channel) -> None:
    assert f'href="/orders/{number}/fees"' in desk.get("/").text
    assert "待缴 100 元" in desk.get("/").text
    assert f'href="/orders/{number}/fees"' in desk.get(f"/orders/{number}/promise").text
    record(record_payment, "installation", 10000, "P-1")
    assert f'href="/orders/{number}/fees"' not in desk.get("/").text
    assert "费用已结清" in desk.get(f"/orders/{number}/fees").text
    step = {"stage": "withdrawn", "reason_code": "no_longer_wanted"}
    record_progress(runtime, Actor.of_channel(channel), number, step)
    assert "待退还 100 元" in desk.get("/").text


@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("regulator", 403), ("administrator", 403)])
def test_an_operators_money_is_its_own(as_, number, who, status) -> None:
    """I6."""
    assert as_(who).get(f"/orders/{number}/fees").status_code == status


@pytest.mark.parametrize("typed", ["QY261123K7M4QZX", "nonsense"])
def test_there_is_no_such_order(desk, typed) -> None:
    assert desk.get(f"/orders/{typed}/fees").status_code == 404
