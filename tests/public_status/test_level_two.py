"""The second level with the service behind it: what is asked for on the site is really done, and undone."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.holding import Holder, Worker, hidden, order_row, plain
from tests.visiting_slots import Diary, dispatched
from tracker import clock
from tracker.notices.models import Notice
from tracker.orders.actor import Actor
from tracker.orders.record_progress import record_progress
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

ACCEPTED = "2026-11-23T09:30:00+08:00"


@pytest.fixture
def number(morning: datetime, runtime: Runtime, channel: ChannelFacts, place: Callable[..., Any]) -> str:
    return dispatched(runtime, channel, place, accepted_at=ACCEPTED)


@pytest.fixture
def worker(runtime: Runtime, morning: datetime) -> Iterator[None]:
    with Worker(runtime):
        yield


@pytest.fixture
def holder(client: FlaskClient, runtime: Runtime, number: str) -> Holder:
    made = Holder(client, runtime, number)
    assert made.sign_in().status_code == 303
    return made


def texts(runtime: Runtime, number: str) -> list[str]:
    order = order_row(runtime, number)
    with runtime.db.reading() as connection:
        wanted = select(Notice.template).where(Notice.order_id == order.id).order_by(Notice.id)
        return list(connection.scalars(wanted))


def undo(holder: Holder) -> None:
    """Press the button of what was asked for last."""
    page = holder.page()
    answer = holder.send("/order/undo", request=hidden(page, "request"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/order?said=undo")
    assert "已撤回" in holder.page("/order?said=undo")


@pytest.mark.usefixtures("worker")
def test_a_hold_is_placed_and_lifted(holder: Holder, runtime: Runtime) -> None:
    answer = holder.send("/order/hold", reason_code="not_decorated", until="2026-11-30")
    assert answer.headers["Location"] == "/order?said=hold"
    page = plain(holder.page("/order?said=hold"))
    assert "暂停办理，至" in page
    assert "缓装到 11月30日（周一）" in page
    assert "可在 08:50 前撤回" in page
    assert "on_hold" in texts(runtime, holder.number)
    assert holder.client.get("/order/hold").status_code == 409
    undo(holder)
    page = plain(holder.page())
    assert "暂停计时中" not in page
    assert "已经撤回" in page


@pytest.mark.usefixtures("worker")
def test_a_visit_is_booked_changed_and_had_back(holder: Holder, runtime: Runtime) -> None:
    diary = Diary(runtime, order_row(runtime, holder.number).operator_id)
    first, second = (
        diary.slot(starts_at=datetime(2026, 11, day, 9, tzinfo=clock.CITY_ZONE)) for day in (26, 27)
    )
    assert holder.send("/order/appointment", slot=str(first)).headers["Location"] == "/order?said=appointment"
    page = plain(holder.page("/order?said=appointment"))
    assert "已预约" in page
    assert "上门时间 11月26日（周四）上午9–11时" in page
    assert f'value="{first}"' not in holder.page("/order/appointment")
    assert holder.send("/order/appointment", slot=str(second)).status_code == 303
    assert "上门时间 11月27日（周五）上午9–11时" in plain(holder.page())
    undo(holder)
    assert "上门时间 11月26日（周四）上午9–11时" in plain(holder.page())
    assert (diary.booked(first), diary.booked(second)) == (1, 0)


@pytest.mark.usefixtures("worker")
def test_a_slot_that_somebody_else_took_is_said_beside_the_choice(holder: Holder, runtime: Runtime) -> None:
    diary = Diary(runtime, order_row(runtime, holder.number).operator_id)
    taken = diary.slot(starts_at=datetime(2026, 11, 26, 9, tzinfo=clock.CITY_ZONE), booked=1)
    diary.slot(starts_at=datetime(2026, 11, 26, 14, tzinfo=clock.CITY_ZONE))
    answer = holder.send("/order/appointment", slot=str(taken))
    assert answer.status_code == 409
    assert '<p class="fault" id="slot-fault">' in answer.text
    assert "下午14–16时" in answer.text


def test_a_withdrawal_waits_ten_minutes(
    holder: Holder, runtime: Runtime, morning: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Worker(runtime):
        answer = holder.send("/order/withdrawal", reason_code="no_longer_wanted")
        assert answer.headers["Location"] == "/order?said=withdrawal"
        page = plain(holder.page("/order?said=withdrawal"))
        assert "撤单申请已收到，10分钟后生效" in page
        assert "08:50 生效" in page
        undo(holder)
        assert holder.send("/order/withdrawal", reason_code="undecided").status_code == 303
    assert order_row(runtime, holder.number).stage == "dispatched"
    monkeypatch.setattr(clock, "now", lambda: morning + timedelta(minutes=10, seconds=1))
    with Worker(runtime):
        ends = time.monotonic() + 10
        while order_row(runtime, holder.number).stage != "withdrawn":
            assert time.monotonic() < ends, "it never took effect"
            time.sleep(0.05)
    page = plain(holder.page())
    assert "已撤单" in page
    assert "撤单 已办理" in page


@pytest.mark.usefixtures("worker")
def test_a_complaint_is_recorded_and_taken_back(holder: Holder, runtime: Runtime) -> None:
    answer = holder.send("/order/complaint", topic="attitude", text="打了三次电话都没人接")
    assert answer.headers["Location"] == "/order?said=complaint"
    page = plain(holder.page())
    assert "投诉 服务态度 已收到" in page
    assert re.search(r"服务态度 TS261124\d{6} 正在处理", page)
    assert "最迟12月9日（周三）答复您" in page
    assert "complaint_received" in texts(runtime, holder.number)
    assert "打了三次电话" not in holder.page()
    undo(holder)
    assert re.search(r"服务态度 TS261124\d{6} 已经撤回", plain(holder.page()))


@pytest.mark.usefixtures("worker")
def test_a_rating_is_given_and_taken_back(
    client: FlaskClient, runtime: Runtime, channel: ChannelFacts, number: str
) -> None:
    actor = Actor.of_channel(channel)
    slot = {"starts_at": clock.now(), "ends_at": clock.now() + timedelta(hours=2)}
    record_progress(runtime, actor, number, {"stage": "appointed", "appointment": slot})
    for stage in ("on_site", "activated", "completed"):
        record_progress(runtime, actor, number, {"stage": stage})
    holder = Holder(client, runtime, number)
    holder.sign_in()
    assert (
        holder.send("/order/rating", score="4", comment="师傅很好").headers["Location"]
        == "/order?said=rating"
    )
    page = holder.page()
    assert "我的评价 满意" in plain(page)
    assert "师傅很好" not in page
    assert holder.client.get("/order/rating").status_code == 409
    undo(holder)
    assert "我的评价" not in holder.page()
    assert holder.client.get("/order/rating").status_code == 200


@pytest.mark.usefixtures("worker")
def test_a_code_goes_to_the_phone_and_opens_the_order(
    client: FlaskClient, runtime: Runtime, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    monkeypatch.setattr(
        "tracker.customer_requests.send_code.secrets.randbelow", lambda _: drawn.append(1) or 4921
    )
    page = client.post("/status", data={"number": number, "last4": "1234"}).text
    ticket = hidden(page, "ticket")
    answer = client.post("/code", data={"ticket": ticket, "once": hidden(page, "once"), "send": "1"})
    assert "验证码已发到报装时留下的手机" in answer.text
    again = client.post("/code", data={"ticket": ticket, "once": "another", "send": "1"})
    assert again.status_code == 409
    assert "08:41" in again.text
    assert 'id="code"' in again.text
    assert client.post("/code/check", data={"ticket": ticket, "code": "004922"}).status_code == 422
    assert client.post("/code/check", data={"ticket": ticket, "code": "004921"}).status_code == 303
    page = client.get("/order").text
    for masked in ("张*", "138****1234", "清城区"):
        assert masked in page
    assert "004921" not in page
    assert "验证码●●●●●●" in page


@pytest.mark.usefixtures("worker")
def test_a_landline_is_told_to_call(
    client: FlaskClient, runtime: Runtime, place: Callable[..., Any], morning: datetime
) -> None:
    number = place(customer__phone="07633331234", accepted_at=ACCEPTED).number
    page = client.post("/status", data={"number": number, "last4": "1234"}).text
    answer = client.post("/code", data={"ticket": hidden(page, "ticket"), "once": "1", "send": "1"})
    assert answer.status_code == 409
    assert 'id="code"' not in answer.text
    assert "10000" in answer.text
