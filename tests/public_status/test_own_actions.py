"""Asking for something on the site: what is handed in, what is said of it, and undoing it."""

import dataclasses
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from public_status import create_app
from public_status.runtime import start
from tests.holding import Holder, Worker, done, plain, refused, waiting
from tests.visiting_slots import COUNTY, TOWN, Diary, dispatched
from tracker import clock
from tracker.complaints.schemas import LONGEST_TEXT
from tracker.config import Config
from tracker.orders.actor import Actor
from tracker.orders.change_appointment import change_appointment
from tracker.orders.place_hold import place_hold
from tracker.queueing import Doorbell
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@pytest.fixture
def number(morning: datetime, runtime: Runtime, channel: ChannelFacts, place: Callable[..., Any]) -> str:
    return dispatched(runtime, channel, place, accepted_at="2026-11-23T09:30:00+08:00")


@pytest.fixture
def holder(client: FlaskClient, runtime: Runtime, number: str) -> Holder:
    made = Holder(client, runtime, number)
    assert made.sign_in().status_code == 303
    return made


@pytest.fixture
def diary(runtime: Runtime, channel: ChannelFacts) -> Diary:
    return Diary(runtime, channel.operator_id)


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=clock.CITY_ZONE)


GOOD = {
    "hold": {"reason_code": "not_decorated", "until": "2026-11-30"},
    "withdrawal": {"reason_code": "no_longer_wanted"},
    "complaint": {"topic": "attitude", "text": "打了三次电话\r\n都没人接"},
}


@pytest.mark.parametrize(
    ("kind", "payload", "said"),
    [
        ("hold", GOOD["hold"], "已开始缓装"),
        ("withdrawal", GOOD["withdrawal"], "10分钟后生效"),
        ("complaint", {"topic": "attitude", "text": "打了三次电话\n都没人接"}, "投诉已登记"),
    ],
)
def test_what_is_asked_for_is_handed_in_and_its_outcome_told(
    holder: Holder, runtime: Runtime, morning: datetime, kind: str, payload: dict[str, Any], said: str
) -> None:
    later = waiting(morning + timedelta(minutes=10))
    with Worker(runtime, lambda _row: later if kind == "withdrawal" else done()):
        answer = holder.send(f"/order/{kind}", **GOOD[kind])
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/order?said={kind}")
    (asked,) = holder.asked()
    order = runtime_order(runtime, holder.number)
    assert (asked.kind, asked.operator_id, asked.order_id) == (kind, order.operator_id, order.id)
    assert asked.payload == payload
    assert asked.session_digest is not None
    page = holder.page(answer.headers["Location"])
    assert said in page
    assert "可在 08:50 前撤回" in plain(page)


def runtime_order(runtime: Runtime, number: str) -> Any:
    with runtime.db.reading() as connection:
        return connection.execute(text("SELECT * FROM orders WHERE number = :n"), {"n": number}).one()


def test_a_worker_is_rung(holder: Holder, runtime: Runtime, config: Config) -> None:
    rung: list[tuple[str, str]] = []
    original = Doorbell.ring

    def note(self: Doorbell, queue: str, job: str, *ids: int, **how: Any) -> bool:
        rung.append((queue, job))
        return original(self, queue, job, *ids, **how)

    with pytest.MonkeyPatch.context() as patch, Worker(runtime, lambda _row: done()):
        patch.setattr(Doorbell, "ring", note)
        holder.send("/order/hold", **GOOD["hold"])
    assert rung == [("requests", "workers.jobs.apply_requests")]


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [
        ("hold", {}, ["请选择缓装的原因", "请填写缓装到哪一天"]),
        ("hold", {"reason_code": "weather", "until": "2026-11-30"}, ["请选择缓装的原因"]),
        ("hold", {"reason_code": "undecided", "until": "2026-11-23"}, ["只能填今天起180天以内的日期"]),
        ("hold", {"reason_code": "undecided", "until": "2027-05-23"}, ["只能填今天起180天以内的日期"]),
        ("hold", {"reason_code": "undecided", "until": "2026-02-30"}, ["请填写缓装到哪一天"]),
        ("hold", {"reason_code": "undecided", "until": "明天"}, ["请填写缓装到哪一天"]),
        ("withdrawal", {}, ["请选择撤单的原因"]),
        ("withdrawal", {"reason_code": "weather"}, ["请选择撤单的原因"]),
        ("complaint", {}, ["请选择投诉的事项", "请写明情况"]),
        ("complaint", {"topic": "fees", "text": " \r\n "}, ["请写明情况"]),
        ("complaint", {"topic": "nothing", "text": "x"}, ["请选择投诉的事项"]),
        ("complaint", {"topic": "fees", "text": "字" * 1001}, ["写了1001个字，最多1000个，请删去1个"]),
        ("appointment", {}, ["请选择一个上门时段"]),
        ("appointment", {"slot": "x"}, ["请选择一个上门时段"]),
        ("appointment", {"slot": "9" * 19}, ["请选择一个上门时段"]),
        ("appointment", {"slot": "-1"}, ["请选择一个上门时段"]),
    ],
)
def test_what_is_missing_or_wrong_is_said_beside_its_field(
    holder: Holder, diary: Diary, kind: str, typed: dict[str, str], words: list[str]
) -> None:
    diary.slot(starts_at=at(26, 9))
    answer = holder.send(f"/order/{kind}", **typed)
    assert answer.status_code == 422
    for one in words:
        assert f'-fault">{one}' in answer.text
    assert answer.text.count('class="fault"') == len(words)
    assert holder.asked() == []


@pytest.mark.parametrize(
    "until", ["2026-11-24", "2027-05-22", "2026/12/1", "２０２６－１２－０１", "2026年12月1日"]
)
def test_days_are_taken_as_people_write_them(holder: Holder, runtime: Runtime, until: str) -> None:
    with Worker(runtime, lambda _row: done()):
        assert holder.send("/order/hold", reason_code="undecided", until=until).status_code == 303
    assert holder.asked()[0].payload["until"] in ("2026-11-24", "2027-05-22", "2026-12-01")


def test_nothing_typed_is_lost(holder: Holder) -> None:
    answer = holder.send("/order/complaint", topic="fees", text="<b>多收</b> " + "字" * LONGEST_TEXT)
    assert answer.status_code == 422
    assert '<input type="radio" name="topic" value="fees" required checked>' in answer.text
    assert "&lt;b&gt;多收&lt;/b&gt; 字字" in answer.text
    assert "还可以写0字" in answer.text
    answer = holder.send("/order/hold", until="2026-11-30")
    assert 'value="2026-11-30"' in answer.text


def test_a_long_complaint_fits(holder: Holder, runtime: Runtime) -> None:
    with Worker(runtime, lambda _row: done()):
        assert holder.send("/order/complaint", topic="other", text="字" * LONGEST_TEXT).status_code == 303


def test_a_refusal_is_said_beside_its_field_or_above_the_form(holder: Holder, runtime: Runtime) -> None:
    with Worker(runtime, lambda _row: refused("hold.too_far_ahead", "/until", start=1, length=30)):
        answer = holder.send("/order/hold", **GOOD["hold"])
    assert answer.status_code == 409
    assert '<p class="fault" id="until-fault">最早在 1 天内开始' in answer.text
    assert 'value="2026-11-30"' in answer.text
    with Worker(runtime, lambda _row: refused("promise.order_done")):
        answer = holder.send("/order/hold", **GOOD["hold"])
    assert answer.status_code == 409
    assert "没有办成" in answer.text
    assert "承诺不再变更" in answer.text
    # Each time with a new word, or the second try would be the first.
    assert len(holder.asked()) == 2


def test_two_clicks_are_one_request(holder: Holder, runtime: Runtime) -> None:
    form = holder.form(holder.page("/order/complaint"))
    cookie = holder.client.get_cookie("order_session", path="/order")
    assert cookie is not None

    def click(_: int) -> tuple[int, str]:
        # Each click in a client of its own, as threads may not share one.
        client = holder.client.application.test_client()
        client.set_cookie("order_session", cookie.value, path="/order")
        answer = client.post("/order/complaint", data=form | GOOD["complaint"])
        return answer.status_code, answer.headers["Location"]

    with Worker(runtime, lambda _row: done()), ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(click, range(4)))
    assert answers == {(303, "/order?said=complaint")}
    assert len(holder.asked()) == 1


def test_free_slots_are_offered_by_day(holder: Holder, diary: Diary, runtime: Runtime) -> None:
    assert "暂时没有可选的时段" in holder.page("/order/appointment")
    diary.slot(starts_at=at(24, 10))  # Too soon: 80 minutes from now.
    diary.slot(starts_at=at(26, 14), booked=1)
    diary.slot(starts_at=at(26, 9), area_code="441803")
    wanted = diary.slot(starts_at=at(26, 19), area_code=TOWN)
    diary.slot(starts_at=at(25, 9), area_code=COUNTY)
    page = holder.page("/order/appointment")
    words = plain(page[page.index("<form") :])
    assert re.findall(r"11月\d+日（周.）|[上中下晚]午?上?\d+–\d+时", words)[:2] == [
        "11月25日（周三）",
        "11月25日（周三）",
    ]
    assert len(re.findall(r'name="slot"', page)) == 2
    for one in ("11月25日（周三） 上午9–11时", "11月26日（周四） 晚上19–21时"):
        assert one in words
    with Worker(runtime, lambda _row: refused("slot.full", "/slot")):
        answer = holder.send("/order/appointment", slot=str(wanted))
    assert answer.status_code == 409
    assert f'value="{wanted}" required checked' in answer.text
    assert '<p class="fault" id="slot-fault">' in answer.text
    with Worker(runtime, lambda _row: done()):
        answer = holder.send("/order/appointment", slot=str(wanted))
    assert answer.headers["Location"] == "/order?said=appointment"
    assert holder.asked()[-1].payload == {"slot": wanted}


def test_another_visit_than_the_one_agreed_is_a_change(
    holder: Holder, diary: Diary, runtime: Runtime, channel: ChannelFacts
) -> None:
    wanted, other = diary.slot(starts_at=at(26, 9)), diary.slot(starts_at=at(26, 14))
    for path in ("/order", "/order/appointment"):
        page = holder.page(path)
        assert "选择上门时间" in page
        assert "改约上门时间" not in page
    change_appointment(runtime, Actor.of_channel(channel), holder.number, wanted)
    for path in ("/order", "/order/appointment"):
        page = holder.page(path)
        assert "改约上门时间" in page
        assert "选择上门时间" not in page
    assert f'value="{other}"' in page
    holder.client.set_cookie("lang", "en")
    assert "Change the visit" in holder.page("/order")


def test_nobody_is_to_come_while_the_order_is_on_hold(
    holder: Holder, diary: Diary, runtime: Runtime, channel: ChannelFacts
) -> None:
    during = diary.slot(starts_at=at(26, 9))
    hold = {"starts_at": None, "ends_at": at(27, 0), "reason_code": "not_decorated", "reason_text": None}
    place_hold(runtime, Actor.of_channel(channel), holder.number, hold | {"evidence": None})
    page = holder.page("/order/appointment")
    assert "缓装期间不安排上门" in page
    assert "之后的时段还没有开放" in page
    assert "已约满" not in page
    after = diary.slot(starts_at=at(27, 9))
    page = holder.page("/order/appointment")
    assert "期间不安排上门，请选以后的时段" in page
    assert f'value="{after}"' in page
    assert f'value="{during}"' not in page


def test_who_asks_for_a_hold_is_told_what_becomes_of_the_visit(
    holder: Holder, diary: Diary, runtime: Runtime, channel: ChannelFacts
) -> None:
    warning = "缓装期间的上门会取消，时段让给别的客户"
    assert warning not in holder.page("/order/hold")
    slot = diary.slot(starts_at=at(26, 9))
    change_appointment(runtime, Actor.of_channel(channel), holder.number, slot)
    page = holder.page("/order/hold")
    assert warning in page
    assert "现在约的是：11月26日（周四）上午9–11时" in plain(page)
    hold = {"starts_at": None, "ends_at": at(27, 0), "reason_code": "not_decorated", "reason_text": None}
    place_hold(runtime, Actor.of_channel(channel), holder.number, hold | {"evidence": None})
    page = plain(holder.page())
    assert "暂停办理" in page
    assert "上午9–11时" not in page
    assert "按约定时间上门" not in page


def test_a_rating_is_handed_in(
    client: FlaskClient, runtime: Runtime, place: Callable[..., Any], morning: datetime
) -> None:
    number = place(accepted_at="2026-11-23T09:30:00+08:00").number
    with runtime.db.transaction() as connection:
        connection.execute(
            text("UPDATE orders SET stage = 'completed', closed_at = :at WHERE number = :n"),
            {"at": morning, "n": number},
        )
        connection.execute(
            text(
                "INSERT INTO order_events (operator_id, order_id, order_version, kind, stage, detail, actor,"
                " occurred_at, recorded_at, channel_id) SELECT operator_id, id, 9, 'stage', 'completed',"
                " '{}', 'system', :at, :at, channel_id FROM orders WHERE number = :n"
            ),
            {"at": morning - timedelta(days=1), "n": number},
        )
    holder = Holder(client, runtime, number)
    holder.sign_in()
    for typed, words in (
        ({}, "请选择满意程度"),
        ({"score": "6"}, "请选择满意程度"),
        ({"score": "5.0"}, "请选择满意程度"),
        ({"score": "4", "comment": "字" * 501}, "写了501个字"),
    ):
        answer = holder.send("/order/rating", **typed)
        assert answer.status_code == 422
        assert words in answer.text
    with Worker(runtime, lambda _row: done()):
        assert holder.send("/order/rating", score="4", comment=" 师傅很好 ").status_code == 303
        assert holder.send("/order/rating", score="5").status_code == 303
    assert [one.payload for one in holder.asked()] == [{"score": 4, "comment": "师傅很好"}, {"score": 5}]


def test_what_takes_its_time_is_received_and_can_be_looked_after(
    holder: Holder, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.customer_requests.asking.PATIENCE", 0.3)
    began = time.monotonic()
    answer = holder.send("/order/hold", **GOOD["hold"])
    assert time.monotonic() - began < 3
    (asked,) = holder.asked()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/order/requests/{asked.id}")
    page = holder.page(f"/order/requests/{asked.id}")
    assert "已收到，正在办理" in page
    assert f'href="/order/requests/{asked.id}"' in page
    assert "正在办理" in holder.page()
    with Worker(runtime, lambda _row: done()):
        time.sleep(0.3)
    answer = holder.client.get(f"/order/requests/{asked.id}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/order?said=hold")


def test_after_one_who_waited_in_vain_the_next_hardly_wait(
    holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.customer_requests.asking.PATIENCE", 1.0)
    lasted = []
    for _ in range(2):
        form = holder.form(holder.page("/order/hold"))
        began = time.monotonic()
        assert holder.client.post("/order/hold", data=form | GOOD["hold"]).status_code == 303
        lasted.append(time.monotonic() - began)
    assert lasted[0] >= 1.0
    assert lasted[1] < 0.9


def test_a_late_refusal_is_told_on_the_orders_page(
    holder: Holder, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.customer_requests.asking.PATIENCE", 0.1)
    address = holder.send("/order/hold", **GOOD["hold"]).headers["Location"]
    with Worker(runtime, lambda _row: refused("promise.order_done")):
        time.sleep(0.3)
    answer = holder.client.get(address)
    assert answer.status_code == 409
    assert "没有办成" in answer.text
    assert "承诺不再变更" in answer.text
    assert "10000" in answer.text


def test_nobody_waits_without_redis(config: Config, runtime: Runtime, number: str) -> None:
    run = start(dataclasses.replace(config, redis_url=None))
    holder = Holder(create_app(run).test_client(), runtime, number)
    holder.sign_in()
    began = time.monotonic()
    answer = holder.send("/order/hold", **GOOD["hold"])
    assert time.monotonic() - began < 2
    run.close()
    assert answer.headers["Location"].startswith("/order/requests/")


def test_something_is_undone_with_one_button(holder: Holder, runtime: Runtime) -> None:
    with Worker(runtime, lambda _row: done()):
        holder.send("/order/hold", **GOOD["hold"])
        (hold,) = holder.asked()
        answer = holder.send("/order/undo", request=str(hold.id))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/order?said=undo")
    assert "已撤回" in holder.page("/order?said=undo")
    undo = holder.asked()[-1]
    assert (undo.kind, undo.payload) == ("undo", {"request": hold.id})
    with Worker(runtime, lambda _row: refused("hold.not_held")):
        answer = holder.send("/order/undo", request=str(hold.id))
    assert answer.status_code == 409
    assert "没有可解除的该缓装" in answer.text
    assert "/order?elder=1" in answer.text or "/order/undo?elder=1" in answer.text
    assert holder.client.get("/order/undo").headers["Location"] == "/order"


@pytest.mark.parametrize("wanted", ["", "x", "-1", "9" * 30, "１"])
def test_only_a_request_can_be_undone(holder: Holder, wanted: str) -> None:
    assert holder.send("/order/undo", request=wanted).status_code == 400
    assert holder.asked() == []


def test_a_spoilt_word_of_a_form_does_no_harm(holder: Holder, runtime: Runtime) -> None:
    with Worker(runtime, lambda _row: done()):
        for once in ("", "x" * 500, "é", "a b", "\x00"):
            answer = holder.send("/order/complaint", **{**GOOD["complaint"], "once": once})
            assert answer.status_code == 303
    assert len(holder.asked()) == 5


def test_no_connection_is_held_while_somebody_waits(holder: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.customer_requests.asking.PATIENCE", 0.4)
    run = holder.client.application.extensions["public"]
    seen: list[int] = []

    def sleep(seconds: float) -> None:
        seen.append(run.db.autocommitting.pool.checkedout() + run.db.engine.pool.checkedout())
        original(seconds)

    original = time.sleep
    monkeypatch.setattr("tracker.customer_requests.asking.time.sleep", sleep)
    holder.send("/order/hold", **GOOD["hold"])
    assert seen
    assert set(seen) == {0}
