"""The page of one order at the desk: found by its number, masked, with all that its customer asked for."""

import re
from datetime import timedelta
from html import unescape

import pytest
from desk_forms import send
from sqlalchemy import insert, select

from tests.complaining import DAY, NOW, Desk
from tracker import clock
from tracker.customer_requests.models import CustomerRequest
from tracker.orders.actor import Actor
from tracker.orders.models import Order
from tracker.orders.record_progress import record_progress


@pytest.fixture(autouse=True)
def morning(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def office(runtime, channel, place):
    return Desk(runtime, channel.operator_id, place)


@pytest.fixture
def ask(office):
    """A request of an order's customer as the worker left it."""

    def make(number: str, kind: str, state: str, **columns) -> None:
        with office.runtime.db.transaction() as connection:
            order = connection.execute(select(Order.id).where(Order.number == number)).scalar_one()
            row = {"operator_id": office.operator_id, "order_id": order, "asked_at": NOW, "payload": {}}
            connection.execute(insert(CustomerRequest).values(kind=kind, state=state, **{**row, **columns}))

    return make


def plain(page: str) -> str:
    main = page[page.index("<main") : page.index("</main")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def test_an_order_shows_how_it_stands_behind_masks(desk, office, channel) -> None:
    number = office.order(accepted_at=(NOW - timedelta(hours=3)).isoformat())
    record_progress(office.runtime, Actor.of_channel(channel), number, {"stage": "verified"})
    page = desk.get(f"/orders/{number}").text
    words = plain(page)
    for said in (
        number,
        "实名核验通过",
        "按时",
        "承诺 11月26日（周四）05:40 前装通 · 还有 1 天 21 小时",
        "张* 138****1234",
        "清城区凤城街道",
        "待缴 100 元",
        "未预约",
        "官方APP",
        "已受理 已完成",
        "客户没有在官网提出过申请",
        "没有投诉，也还没有评价",
        "您的宽带订单",
    ):
        assert said in words
    for personal in ("张三", "13800001234", "测试路", "301房"):
        assert personal not in page
    assert "上门施工 未到" in words
    english = plain(desk.get(f"/orders/{number}?lang=en").text)
    for said in ("Identity verified", "None agreed", "What the customer was told"):
        assert said in english


def test_visit_and_end_of_an_order(desk, office, channel) -> None:
    number = office.order()
    visit = {"appointment_starts_at": NOW + DAY, "appointment_ends_at": NOW + DAY + timedelta(hours=2)}
    office.set_order(number, installer_title="李师傅", installer_staff_number="0321", **visit)
    assert "11月25日8:40-10:40 · 李师傅 工号 0321" in plain(desk.get(f"/orders/{number}").text)
    actor = Actor.of_channel(channel)
    reason = {"stage": "returned", "reason_code": "other", "reason_text": "楼道被占"}
    record_progress(office.runtime, actor, number, reason)
    words = plain(desk.get(f"/orders/{number}").text)
    assert "已退单" in words
    assert "楼道被占" in words
    assert "未到" not in words
    assert "还有" not in words


def test_what_the_customer_asked_for(desk, office, ask) -> None:
    number = office.order()
    ask(number, "code", "done")
    hold = {"until": "2026-12-05", "reason_code": "not_decorated"}
    ask(number, "hold", "undone", payload=hold)
    ask(number, "rating", "done", payload={"score": 4, "comment": ""})
    refusal = [{"rule": "rating.too_late", "pointer": "", "params": {"days": 30}}, {"rule": "no.such_rule"}]
    ask(number, "rating", "refused", payload={"score": 5}, refusal=refusal)
    ask(number, "complaint", "asked", payload={"topic": "fees"})
    ask(number, "withdrawal", "waiting", due_at=NOW + timedelta(minutes=10))
    words = plain(desk.get(f"/orders/{number}").text)
    for said in (
        "客户申请撤单，08:50 生效",
        "索取验证码 已办理",
        "申请缓装 客户已撤回 缓装至 12月5日（周六） 原因：未装修",
        "提交评价 已办理 4分",
        "提交评价 未办理 5分 竣工已超过 30 天，不能再评价",
        "提出投诉 待处理 收费",
        "等待生效",
    ):
        assert said in words, said
    english = plain(desk.get(f"/orders/{number}?lang=en").text)
    assert "The customer's request takes effect at 08:50: Asked to withdraw" in english
    assert "within 30 days of its completion" in english


@pytest.mark.parametrize(
    "payload",
    [
        {"until": 5, "reason_code": ["x"], "topic": {}, "score": "5"},
        {"until": "soon", "reason_code": "no_such", "topic": None, "score": 9},
        {"score": [1]},
    ],
)
def test_nothing_in_a_payload_is_taken_for_granted(desk, office, ask, payload) -> None:
    number = office.order()
    for kind in ("hold", "rating", "complaint", "appointment", "undo"):
        ask(number, kind, "asked", payload=payload)
    assert desk.get(f"/orders/{number}").status_code == 200


def test_complaints_and_ratings_of_the_order(desk, as_, office) -> None:
    number = office.completed()
    one = office.row(office.file(number))
    office.rate(number, 2, "来晚了")
    words = plain(desk.get(f"/orders/{number}").text)
    for said in (one.number, "安装超期", "处理中", "2分 · 不满意", "来晚了", "您的投诉已受理"):
        assert said in words
    assert f'href="/complaints/{one.id}"' in desk.get(f"/orders/{number}").text


def test_others_read_no_words_of_customers(as_, office) -> None:
    number = office.completed()
    one = office.file(number)
    office.rate(number, 2, "来晚了")
    page = as_("dispatcher").get(f"/orders/{number}").text
    assert "2分" in page
    assert "来晚了" not in page
    assert f'href="/complaints/{one}"' not in page


def test_an_order_or_a_complaint_is_found_by_its_number(desk, office) -> None:
    number = office.order()
    one = office.row(office.file(number))
    assert 'action="/orders/find"' in desk.get("/").text
    typed = f"{number[:8].lower()} {number[8:].lower()}"
    found = send(desk, "/orders/find", {"number": typed})
    assert found.headers["Location"] == f"/orders/{number}"
    found = send(desk, "/orders/find", {"number": f" {one.number.lower()}"})
    assert found.headers["Location"] == f"/complaints/{one.id}"
    for typed in ("x" * 500, "QY261124AAAAAAA", "<b>", "TS261124000000"):
        answer = send(desk, "/orders/find", {"number": typed})
        assert answer.status_code == 404
        assert "没有这个订单号或投诉编号" in plain(answer.text)
        assert "<b>" not in answer.text
    for typed in ("", "\0"):
        assert "可以这样查找" in plain(send(desk, "/orders/find", {"number": typed}).text)


def test_the_list_leads_to_the_order(desk, office) -> None:
    number = office.order()
    assert f'href="/orders/{number}?back=/"' in desk.get("/").text
    for page in ("promise", "fees"):
        assert f'href="/orders/{number}"' in desk.get(f"/orders/{number}/{page}").text
        assert f'href="/orders/{number}/{page}"' in desk.get(f"/orders/{number}").text


def test_another_operators_order_is_not_there(as_, office) -> None:
    """I6."""
    number = office.order()
    stranger = as_("stranger")
    assert stranger.get(f"/orders/{number}").status_code == 404
    assert send(stranger, "/orders/find", {"number": number}).status_code == 404
    assert stranger.get("/orders/QY1").status_code == 404


@pytest.mark.parametrize("who", ["regulator", "administrator"])
def test_who_has_no_operator_has_no_orders(as_, office, who) -> None:
    """I6."""
    assert as_(who).get(f"/orders/{office.order()}").status_code == 403
