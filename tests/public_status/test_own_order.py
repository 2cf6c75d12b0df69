"""The page of an order for the holder of its phone: what it shows, and what it offers when."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, update

from tests.announced_outages import FENGCHENG, GAOJILI, QINGXIN, Announcer, on
from tests.holding import Holder, order_row, plain
from tests.published_plans import becomes
from tests.visiting_slots import Diary, dispatched
from tracker import clock
from tracker.complaints.file_complaint import file_complaint
from tracker.complaints.rate import rate
from tracker.customer_requests.models import CustomerRequest
from tracker.notices.models import Notice
from tracker.orders.actor import Actor
from tracker.orders.models import Order
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import PATH
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

ACCEPTED = "2026-11-23T09:30:00+08:00"

OFFERED = {
    "appointment": "选择上门时间",
    "hold": "申请缓装",
    "withdrawal": "申请撤单",
    "complaint": "投诉",
    "rating": "评价",
}


@pytest.fixture
def enter(morning: datetime, client: FlaskClient, runtime: Runtime) -> Callable[[str], Holder]:
    """Signs the holder of an order in."""

    def make(number: str) -> Holder:
        holder = Holder(client, runtime, number)
        assert holder.sign_in().status_code == 303
        return holder

    return make


@pytest.fixture
def until(
    morning: datetime, runtime: Runtime, channel: ChannelFacts, place: Callable[..., Any]
) -> Callable[..., str]:
    """An order that has come to a stage; its number."""

    def make(stage: str, **last: Any) -> str:
        number = place(accepted_at=ACCEPTED).number
        actor, at = Actor.of_channel(channel), datetime(2026, 11, 23, 10, tzinfo=clock.CITY_ZONE)
        path = [one.value for one in PATH[1:]]
        steps = path[: path.index(stage) + 1] if stage in path else [stage] if stage != "accepted" else []
        for step in steps:
            request: dict[str, Any] = {"stage": step, "occurred_at": at}
            if step == "dispatched":
                request["installer"] = {"title": "李师傅", "staff_number": "0321"}
            if step == "appointed":
                visit = datetime(2026, 11, 26, 14, tzinfo=clock.CITY_ZONE)
                request["appointment"] = {"starts_at": visit, "ends_at": visit + timedelta(hours=2)}
            record_progress(runtime, actor, number, request | (last if step == steps[-1] else {}))
            at += timedelta(hours=1)
        return number

    return make


def section(page: str, name: str) -> str:
    """The text of the section with this heading."""
    found = re.search(rf'<section[^>]*aria-labelledby="{name}".*?</section>', page, re.S)
    assert found is not None, name
    return plain(found[0])


def offers(page: str) -> set[str]:
    return {kind for kind in OFFERED if f'href="/order/{kind}"' in page}


def test_names_and_places_are_shown_in_part_only(
    enter: Callable[[str], Holder], until: Callable[..., str]
) -> None:
    page = enter(until("accepted")).page()
    person = section(page, "person")
    for masked in ("张*", "138****1234", "清城区凤城街道***"):
        assert masked in person
    for personal in ("张三", "13800001234", "测试路", "301房"):
        assert personal not in page


@pytest.mark.parametrize(
    ("stage", "offered", "explained"),
    [
        (
            "accepted",
            {"hold", "withdrawal", "complaint"},
            ["派单以后，可以在这里选择上门时间", "竣工以后可以评价"],
        ),
        ("dispatched", {"appointment", "hold", "withdrawal", "complaint"}, []),
        ("appointed", {"appointment", "hold", "withdrawal", "complaint"}, []),
        ("on_site", {"hold", "complaint"}, ["装维人员已经上门", "施工已经开始"]),
        ("activated", {"complaint"}, ["宽带已经装通"]),
        ("completed", {"complaint", "rating"}, ["宽带已经装通"]),
        ("withdrawn", {"complaint"}, ["订单已经结束", "没有装通的订单不评价"]),
    ],
)
def test_only_what_is_possible_is_offered_and_the_rest_explained(
    enter: Callable[[str], Holder],
    until: Callable[..., str],
    stage: str,
    offered: set[str],
    explained: list[str],
) -> None:
    holder = enter(until(stage))
    page = holder.page()
    assert offers(page) == offered
    for words in explained:
        assert words in section(page, "actions")
    for kind in OFFERED:
        answer = holder.client.get(f"/order/{kind}")
        assert answer.status_code == (200 if kind in offered else 409)
        assert ("<button" in answer.text[answer.text.index("<main") :]) is (
            kind in offered and kind != "appointment"
        )


def test_what_waits_or_stands_closes_what_contradicts_it(
    enter: Callable[[str], Holder],
    until: Callable[..., str],
    runtime: Runtime,
    morning: datetime,
) -> None:
    holder = enter(until("dispatched"))
    request_of(runtime, holder.number, "withdrawal", "waiting", due_at=morning + timedelta(minutes=10))
    page = holder.page()
    assert offers(page) == {"complaint"}
    assert "撤单申请已收到，即将生效" in section(page, "actions")
    assert "08:50 生效" in section(page, "asked")
    assert "尚未生效" in section(page, "asked")


def request_of(runtime: Runtime, number: str, kind: str, state: str, **columns: Any) -> int:
    """A request in a state that the service brought it to."""
    order = order_row(runtime, number)
    values = {
        "kind": kind,
        "operator_id": order.operator_id,
        "order_id": order.id,
        "payload": {},
        "asked_at": clock.now(),
        "state": state,
    } | columns
    with runtime.db.transaction() as connection:
        made = insert(CustomerRequest).values(values).returning(CustomerRequest.id)
        return connection.execute(made).scalar_one()


def test_requests_say_what_became_of_them_and_until_when_they_can_be_undone(
    enter: Callable[[str], Holder],
    until: Callable[..., str],
    runtime: Runtime,
    morning: datetime,
) -> None:
    holder = enter(until("dispatched"))
    soon = {"undo_until": morning + timedelta(minutes=10)}
    hold = request_of(runtime, holder.number, "hold", "done", payload={"until": "2026-11-30"}, **soon)
    over = request_of(
        runtime,
        holder.number,
        "rating",
        "done",
        payload={"score": 5},
        undo_until=morning - timedelta(minutes=1),
    )
    undone = request_of(runtime, holder.number, "complaint", "undone", payload={"topic": "fees"}, **soon)
    request_of(
        runtime,
        holder.number,
        "appointment",
        "refused",
        refusal=[{"rule": "slot.full", "pointer": "/slot", "params": {}}],
    )
    request_of(
        runtime,
        holder.number,
        "appointment",
        "done",
        payload={"slot": Diary(runtime, 1).slot()},
    )
    request_of(runtime, holder.number, "code", "done")
    page = holder.page()
    asked = section(page, "asked")
    for words in (
        "缓装 缓装到 11月30日（周一） 已办理",
        "可在 08:50 前撤回",
        "评价 非常满意 已收到",
        "投诉 收费 已经撤回",
        "改约 未能办理",
        "改约 11月26日（周四）上午9–11时 已办理",
    ):
        assert words in asked
    buttons = re.findall(r'name="request" value="(\d+)"', page)
    assert buttons == [str(hold)]
    assert str(over) not in buttons
    assert str(undone) not in buttons
    english = section(holder.page("/order?lang=en"), "asked")
    assert not re.search(r"[\u4e00-\u9fff]", english)


def test_texts_are_told_with_their_words_and_whether_they_arrived(
    enter: Callable[[str], Holder],
    until: Callable[..., str],
    runtime: Runtime,
    morning: datetime,
) -> None:
    holder = enter(until("dispatched"))
    states = {
        "created": "即将发出",
        "sending": "正在发出",
        "accepted": "已发出，尚无送达回执",
        "unknown": "正在核实是否发出",
        "delivered": "已送达",
        "undelivered": "短信没有送达，改由客服电话告知",
        "call": "由客服电话告知",
    }
    order = order_row(runtime, holder.number)
    this_one = Notice.order_id == order.id
    for state, words in states.items():
        with runtime.db.transaction() as connection:
            connection.execute(update(Notice).where(this_one).values(state=state, next_at=morning))
        told = section(holder.page(), "texts")
        assert words in told
        assert f"您的宽带订单{holder.number}已受理" in told
    later = datetime(2026, 11, 25, 8, tzinfo=clock.CITY_ZONE)
    with runtime.db.transaction() as connection:
        connection.execute(update(Notice).where(this_one).values(state="created", next_at=later))
    assert "11月25日 08:00 · 到时发出" in section(holder.page(), "texts")
    with runtime.db.transaction() as connection:
        connection.execute(update(Notice).where(this_one).values(state="cancelled"))
    assert "还没有给您发过短信" in section(holder.page(), "texts")


def test_complaints_and_ratings_show_how_they_stand(
    enter: Callable[[str], Holder], until: Callable[..., str], runtime: Runtime, channel: ChannelFacts
) -> None:
    holder = enter(until("completed"))
    customer = Actor(channel.operator_id, "customer:1")
    file_complaint(runtime, customer, holder.number, "speed", "晚上很慢，我是张三")
    rate(runtime, customer, holder.number, 2, "一般般")
    page = holder.page()
    told = section(page, "complaints")
    for words in ("网速", "TS261124", "正在处理", "最迟12月9日（周三）答复您"):
        assert words in told
    assert "不满意" in section(page, "rating")
    assert "您已经评价过" in section(page, "actions")
    for private in ("张三", "晚上很慢", "一般般"):
        assert private not in page


def test_outages_of_the_neighbourhood_are_told(
    enter: Callable[[str], Holder], until: Callable[..., str], runtime: Runtime, channel: ChannelFacts
) -> None:
    holder = enter(until("dispatched"))
    announcer = Announcer(runtime.db, channel.operator_id)
    assert "near-outages" not in holder.page()
    announcer.announce(area=[QINGXIN], reason="别处")
    mobile = next(one.id for one in runtime.reference.current().operators.values() if one.code == "mobile")
    Announcer(runtime.db, mobile).announce(area=[FENGCHENG], reason="别家")
    assert "near-outages" not in holder.page()
    announcer.announce(area=[GAOJILI], starts_at=on(29, 0), ends_at=on(29, 6), reason="本社区")
    announcer.announce(area=[FENGCHENG], reason="本街道")
    assert becomes(lambda: "本街道" in holder.page())
    told = section(holder.page(), "near-outages")
    assert "本街道" in told
    assert "本社区" in told
    assert told.index("本街道") < told.index("本社区")


def test_a_visit_is_shown_while_it_is_to_come(
    enter: Callable[[str], Holder], until: Callable[..., str], runtime: Runtime, channel: ChannelFacts
) -> None:
    holder = enter(until("appointed"))
    visit = section(holder.page(), "visit")
    assert "11月26日（周四）下午14–16时" in visit
    assert "李师傅（工号0321）" in visit
    record_progress(runtime, Actor.of_channel(channel), holder.number, {"stage": "dispatched"})
    assert 'aria-labelledby="visit"' not in holder.page()


def test_an_unnamed_installer_is_still_to_be_told(
    enter: Callable[[str], Holder],
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Any],
) -> None:
    number = dispatched(runtime, channel, place, accepted_at=ACCEPTED)
    with runtime.db.transaction() as connection:
        visit = datetime(2026, 11, 26, 19, tzinfo=clock.CITY_ZONE)
        connection.execute(
            update(Order)
            .where(Order.number == number)
            .values(
                stage="appointed",
                appointment_starts_at=visit,
                appointment_ends_at=visit + timedelta(hours=2),
                installer_title=None,
                installer_staff_number=None,
            )
        )
    visit_words = section(enter(number).page(), "visit")
    assert "晚上19–21时" in visit_words
    assert "将另行通知" in visit_words


def test_the_first_level_leads_here(enter: Callable[[str], Holder], until: Callable[..., str]) -> None:
    number = until("dispatched")
    holder = enter(number)
    page = holder.client.post("/status", data={"number": number, "last4": "1234"}).text
    assert "验证手机，查看更多" in page
    for personal in ("张*", "138****", "凤城", "李师傅"):
        assert personal not in page
