"""Pages of calls: who may open them, what they show, every way of saving, and what is written down."""

import csv
import io
import re
from collections.abc import Callable

import pytest
from desk_forms import faults, send
from flask.testing import FlaskClient

from tests.calling import DAY, HOUR, MINUTE, MORNING, Exchange, at, exchange_of
from tracker.calls.claim import take_call
from tracker.notices.call_rules import LONGEST_NOTE
from tracker.orders.actor import Actor
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

As = Callable[[str], FlaskClient]


@pytest.fixture
def exchange(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    monkeypatch: pytest.MonkeyPatch,
) -> Exchange:
    return exchange_of(runtime, channel, place, monkeypatch, "staff:dispatcher")


def take(client: FlaskClient, task_id: int, **more: str) -> str:
    """Take a call as its page lets one; the page then."""
    send(client, f"/calls/{task_id}/take", more, page=f"/calls/{task_id}")
    return client.get(f"/calls/{task_id}", follow_redirects=True).text


def save(client: FlaskClient, task_id: int, version: int = 1, **typed: str):
    given = {"version": f"{version}", "seen": f"{version - 1}", "then": "list"} | typed
    return send(client, f"/calls/{task_id}", given)


@pytest.mark.parametrize(
    ("role", "status"),
    [("counter", 200), ("dispatcher", 200), ("manager", 200), ("installer", 403), ("regulator", 403)],
)
def test_who_may_open_them(as_: As, exchange: Exchange, role: str, status: int) -> None:
    task = exchange.task(exchange.landline())
    client = as_(role)
    for path in ("/calls", f"/calls/{task.id}", "/calls/history", "/calls/history.csv"):
        assert client.get(path).status_code == status, path


def test_the_list_says_what_is_due_first(as_: As, exchange: Exchange, monkeypatch) -> None:
    late = exchange.landline()
    at(monkeypatch, MORNING + 4 * HOUR + MINUTE)
    due, today, later = exchange.refused(), exchange.refused(), exchange.refused()
    exchange.call(exchange.task(today).id, "no_answer")
    exchange.call(exchange.task(later).id, "call_back", back=MORNING + 2 * DAY)
    client = as_("counter")
    page = client.get("/calls").text
    places = [page.index(word) for word in ("现在该打</h2>", "今天稍后</h2>", "以后</h2>")]
    assert places == sorted(places)
    numbers = [one.params["number"] for one in (late, due, today, later)]
    found = [page.index(number) for number in numbers]
    assert found == sorted(found)
    assert page.count("已超时 1 分钟") == 1
    assert re.findall(r'class="number">(\d+)</strong>', page) == ["2", "1", "1", "1"]
    assert "3800001234" not in page
    only = client.get("/calls?overdue=1").text
    assert numbers[0] in only
    assert numbers[1] not in only
    assert "没有符合条件的任务" in client.get("/calls?template=completed").text


def test_nothing_to_do_is_said(as_: As, exchange: Exchange) -> None:
    client = as_("counter")
    page = client.get("/calls").text
    assert "没有要打的电话" in page
    assert "拨打下一个" not in page
    answer = send(client, "/calls/next", page="/calls?template=completed")
    assert answer.location == "/calls"
    assert "到时间的电话都打完了" in client.get("/calls").text


def test_name_and_number_show_themselves_to_whoever_calls(as_: As, exchange: Exchange) -> None:
    task = exchange.task(exchange.landline(customer__name="王小明"))
    client = as_("counter")
    before = client.get(f"/calls/{task.id}").text
    assert "王小明" not in before
    assert "3368888" not in before
    assert exchange.all("SELECT FROM audit_entries") == []
    page = take(client, task.id)
    assert "王小明" in page
    assert 'href="tel:+867633368888"' in page
    assert "0763 336 8888" in page
    assert "已受理，承诺" in page
    assert "【" not in page[page.index("<blockquote") : page.index("</blockquote>")]
    entry = exchange.one("SELECT * FROM audit_entries")
    assert (entry.actor, entry.subject) == ("staff:counter", f"order:{task.order_id}")
    others = as_("dispatcher").get(f"/calls/{task.id}").text
    assert "counter 正在拨打" in others
    assert "王小明" not in others


def test_a_promise_that_is_past_is_apologised_for(as_: As, exchange: Exchange, monkeypatch) -> None:
    task = exchange.task(exchange.refused())
    client = as_("counter")
    assert "先向客户致歉" not in client.get(f"/calls/{task.id}").text
    at(monkeypatch, MORNING + 20 * DAY)
    assert "先向客户致歉" in as_("counter").get(f"/calls/{task.id}").text


def test_others_see_it_and_may_take_over(as_: As, exchange: Exchange) -> None:
    task = exchange.task(exchange.landline())
    first, second = as_("counter"), as_("dispatcher")
    take(first, task.id)
    assert "counter 正在拨打" in second.get("/calls").text
    page = take(second, task.id)
    assert "有人正在拨打这位客户的电话" in page
    assert "通话结果" not in page
    assert "tel:" in take(second, task.id, take_over="1")
    assert "tel:" not in first.get(f"/calls/{task.id}").text


def test_left_again_it_is_free(as_: As, exchange: Exchange) -> None:
    task = exchange.task(exchange.landline())
    client = as_("counter")
    take(client, task.id)
    answer = send(client, f"/calls/{task.id}/leave", page=f"/calls/{task.id}")
    assert answer.location == "/calls"
    assert exchange.task(exchange.notice(task.notice_id)).claimed_by is None


@pytest.mark.parametrize(
    ("typed", "outcome", "closed"),
    [
        ({"outcome": "reached"}, "reached", True),
        ({"outcome": "no_answer"}, "no_answer", False),
        ({"outcome": "wrong_number"}, "wrong_number", True),
        ({"outcome": "call_back", "call_back_at": "2026-11-24T16:30"}, "call_back", False),
        # What stands in a field that is not asked for is no answer.
        ({"outcome": "no_answer", "call_back_at": "2026-11-24T16:30"}, "no_answer", False),
    ],
)
def test_each_outcome(as_: As, exchange: Exchange, typed: dict[str, str], outcome: str, closed: bool) -> None:
    notice = exchange.landline()
    client = as_("counter")
    take(client, exchange.task(notice).id)
    answer = save(client, exchange.task(notice).id, note="谢谢", **typed)
    task = exchange.task(notice)
    assert (answer.status_code, answer.location) == (302, f"/calls?done={task.id}")
    assert (task.outcome, task.attempts, task.closed_at is not None) == (outcome, 1, closed)
    assert exchange.one("SELECT actor FROM call_attempts").actor == "staff:counter"
    assert "谢谢" in client.get(f"/calls/{task.id}").text
    if outcome == "call_back":
        assert task.next_attempt_at == MORNING + 6 * HOUR + 30 * MINUTE


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({}, "outcome"),
        ({"outcome": "told_by_text"}, "outcome"),
        ({"outcome": "nonsense"}, "outcome"),
        ({"outcome": "call_back"}, "call_back_at"),
        ({"outcome": "call_back", "call_back_at": "tomorrow"}, "call_back_at"),
        ({"outcome": "call_back", "call_back_at": "2026-11-24T09:59"}, "call_back_at"),
        ({"outcome": "call_back", "call_back_at": "2027-01-24T09:59"}, "call_back_at"),
        ({"outcome": "reached", "note": "字" * (LONGEST_NOTE + 1)}, "note"),
    ],
)
def test_what_is_wrong_is_said_and_typing_kept(
    as_: As, exchange: Exchange, typed: dict[str, str], field: str
) -> None:
    task = exchange.task(exchange.landline())
    client = as_("counter")
    take(client, task.id)
    answer = save(client, task.id, **({"note": "带\0话"} | typed))
    assert answer.status_code == 422
    assert list(faults(answer.text)) == [field]
    kept = typed.get("note", "带话")
    assert f">{kept}</textarea>" in answer.text
    assert exchange.all("SELECT FROM call_attempts") == []


def test_saved_it_goes_on_to_the_next_of_the_list(as_: As, exchange: Exchange) -> None:
    first, second, third = (exchange.task(exchange.landline()).id for _ in range(3))
    other = exchange.task(exchange.refused()).id
    take_call(exchange.runtime, Actor(exchange.operator_id, "staff:dispatcher"), second)
    client = as_("counter")
    answer = send(client, "/calls/next?reason=landline", page="/calls")
    assert answer.location == f"/calls/{first}?reason=landline"
    given = {"version": "1", "seen": "0", "then": "next", "outcome": "reached"}
    answer = send(client, answer.location, given)
    assert answer.location == f"/calls/{third}?done={first}&reason=landline"
    page = client.get(answer.location).text
    assert "电话已告知。" in page
    assert "tel:" in page
    answer = send(client, f"/calls/{third}?reason=landline", given)
    assert answer.location == f"/calls?done={third}&reason=landline"
    assert exchange.one("SELECT claimed_by FROM call_tasks WHERE id = :id", id=other).claimed_by is None


class TestTakenBack:
    def test_whoever_wrote_it_down_is_offered_it_at_once(self, as_: As, exchange: Exchange) -> None:
        first, second = (exchange.task(exchange.landline()) for _ in range(2))
        client = as_("counter")
        take(client, first.id)
        answer = save(client, first.id, outcome="reached", then="next", note="孩子接的")
        page = client.get(answer.location).text
        assert f"/calls/{second.id}?" in answer.location
        assert "10:10 前可以撤回" in page
        form = f'action="/calls/{first.id}/take-back"'
        assert form in page
        assert form in client.get(f"/calls/{first.id}").text
        assert "take-back" not in as_("dispatcher").get(f"/calls/{second.id}?done={first.id}").text
        back = send(client, f"/calls/{first.id}/take-back", {"version": "2"}, page=answer.location)
        assert back.location == f"/calls/{first.id}"
        page = client.get(back.location).text
        assert "已撤回登记" in page
        assert "撤回了登记" in page
        assert "孩子接的" in page
        assert 'name="version" value="3"' in page
        assert "tel:" in page
        assert save(client, first.id, 3, outcome="no_answer").status_code == 302
        task = exchange.task(exchange.notice(first.notice_id))
        assert (task.outcome, task.attempts) == ("no_answer", 1)

    def test_after_ten_minutes_nobody_is(self, as_: As, exchange: Exchange, monkeypatch) -> None:
        task = exchange.task(exchange.landline())
        client = as_("counter")
        take(client, task.id)
        answer = save(client, task.id, outcome="reached")
        assert "take-back" in client.get(answer.location).text
        at(monkeypatch, MORNING + 10 * MINUTE)
        for path in (answer.location, f"/calls/{task.id}"):
            assert "take-back" not in client.get(path).text
        send(client, f"/calls/{task.id}/take-back", {"version": "2"}, page="/calls")
        assert "已超过10分钟" in client.get("/calls").text
        assert exchange.task(exchange.notice(task.notice_id)).closed_at is not None

    @pytest.mark.parametrize("done", ["x", "0", "9" * 18, "9" * 30])
    def test_any_address_is_answered(self, as_: As, exchange: Exchange, done: str) -> None:
        page = as_("counter").get(f"/calls?done={done}")
        assert page.status_code == 200
        assert "take-back" not in page.text


class TestStale:
    def test_what_others_did_is_said_and_typing_kept(self, as_: As, exchange: Exchange) -> None:
        task = exchange.task(exchange.landline())
        client = as_("counter")
        take(client, task.id)
        exchange.call(task.id, "no_answer", note="忙音")
        answer = save(client, task.id, outcome="reached", note="已说明")
        assert answer.status_code == 409
        assert "有人先一步处理了这个任务" in answer.text
        for word in ("忙音", "dispatcher", "无人接听"):
            assert word in answer.text
        assert ">已说明</textarea>" in answer.text
        assert re.search(r'value="reached" required checked', answer.text)
        assert 'name="version" value="2"' in answer.text
        answer = save(client, task.id, 2, outcome="reached", note="已说明")
        assert answer.status_code == 302

    def test_what_was_heard_is_added_to_a_closed_one(self, as_: As, exchange: Exchange, monkeypatch) -> None:
        task = exchange.task(exchange.landline())
        client = as_("counter")
        take(client, task.id)
        exchange.call(task.id, "reached")
        at(monkeypatch, MORNING + MINUTE)
        answer = save(client, task.id, outcome="no_answer", note="响了很久")
        assert answer.status_code == 409
        assert "任务已经结束。您填写的内容都还在" in answer.text
        assert "这里写的只记入历史" in answer.text
        assert ">响了很久</textarea>" in answer.text
        assert len(exchange.all("SELECT FROM call_attempts")) == 1
        answer = save(client, task.id, 2, outcome="no_answer", note="响了很久", closed="1")
        assert answer.status_code == 302
        page = client.get(answer.location).text
        assert "无人接听。" in page[page.index("已登记") :]
        assert "take-back" in page
        page = client.get(f"/calls/{task.id}").text
        for word in ("结束后补记", "响了很久", "补记一次通话"):
            assert word in page
        (row,) = exchange.all("SELECT outcome, attempts, closed_at FROM call_tasks")
        assert tuple(row) == ("reached", 1, MORNING)

    def test_after_a_day_it_is_not_and_nothing_typed_is_lost(
        self, as_: As, exchange: Exchange, monkeypatch
    ) -> None:
        task = exchange.task(exchange.landline())
        client = as_("counter")
        exchange.call(task.id, "reached")
        at(monkeypatch, MORNING + DAY)
        client = as_("counter")
        page = client.get(f"/calls/{task.id}").text
        assert "补记一次通话" not in page
        answer = save(client, task.id, 2, outcome="no_answer", note="响了很久", closed="1")
        assert answer.status_code == 409
        assert "您填写的没有保存：无人接听 · 响了很久" in answer.text
        assert "<textarea" not in answer.text

    def test_a_form_that_was_tampered_with_is_stale(self, as_: As, exchange: Exchange) -> None:
        task = exchange.task(exchange.landline())
        given = {"version": "x", "seen": "-9", "then": "list", "outcome": "reached"}
        client = as_("counter")
        assert send(client, f"/calls/{task.id}", given).status_code == 409


def test_whoever_reads_the_notes_of_earlier_calls_is_on_record(as_: As, exchange: Exchange) -> None:
    notice = exchange.landline()
    task = exchange.task(notice)
    client = as_("counter")
    exchange.call(task.id, "no_answer")
    client.get(f"/calls/{task.id}")
    assert exchange.all("SELECT FROM audit_entries") == []
    exchange.call(task.id, "no_answer", note="白天在厂里")
    for _ in range(2):
        assert "白天在厂里" in client.get(f"/calls/{task.id}").text
    as_("stranger").get(f"/calls/{task.id}")
    (entry,) = exchange.all("SELECT * FROM audit_entries")
    assert (entry.actor, entry.action, entry.subject) == ("staff:counter", "saw", f"order:{notice.order_id}")
    assert (entry.fields, entry.why) == (["call_note"], "earlier calls shown")


def test_an_order_leads_to_its_call(as_: As, exchange: Exchange) -> None:
    notice = exchange.landline()
    client = as_("counter")
    page = client.get(f"/orders/{notice.params['number']}").text
    assert "要致电客户：固定电话，收不到短信" in page
    assert f'href="/calls/{exchange.task(notice).id}"' in page
    assert f'href="/notices/{notice.id}"' in page
    exchange.call(exchange.task(notice).id, "reached")
    assert "要致电客户" not in client.get(f"/orders/{notice.params['number']}").text


class TestThePast:
    def test_it_counts_and_exports(self, as_: As, exchange: Exchange) -> None:
        told, wrong = exchange.landline(), exchange.landline()
        exchange.call(exchange.task(told).id, "reached", note="只给同事看")
        exchange.call(exchange.task(wrong).id, "wrong_number")
        client = as_("manager")
        page = client.get("/calls/history").text
        assert re.findall(r'class="number">(\d+)</strong> (\S+)</a>', page) == [
            ("2", "全部"),
            ("1", "电话已告知"),
            ("1", "号码不对"),
        ]
        assert "2 次" in page
        only = client.get("/calls/history?outcome=reached").text
        assert told.params["number"] in only
        assert wrong.params["number"] not in only
        answer = client.get("/calls/history.csv?outcome=reached")
        rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
        assert rows[0][:3] == ["订单号", "要告知的事", "为什么打电话"]
        assert [row[0] for row in rows[1:]] == [told.params["number"]]
        assert rows[1][5:] == ["1", "电话已告知", "dispatcher"]
        assert "只给同事看" not in answer.text
        book = client.get("/calls/history.xlsx")
        assert book.data[:2] == b"PK"
        assert client.get("/calls/history.csv?lang=en").text.splitlines()[0].endswith("Last caller")

    def test_who_called_how_often_is_for_a_manager(self, as_: As, exchange: Exchange) -> None:
        exchange.call(exchange.task(exchange.landline()).id, "reached")
        assert "谁打了多少" in as_("manager").get("/calls/history").text
        assert "谁打了多少" not in as_("counter").get("/calls/history").text

    @pytest.mark.parametrize(
        "address",
        [
            "period=today&before=x",
            "before=99999999999999999999-1",
            "first=2026-11-25&last=2026-11-24",
            "first=1&last=2",
            "period=half",
            "outcome=nonsense",
            "first=2025-01-01&last=2026-11-24",
        ],
    )
    def test_any_address_is_answered(self, as_: As, exchange: Exchange, address: str) -> None:
        assert as_("manager").get(f"/calls/history?{address}").status_code == 200


def test_only_what_customers_are_called_about_can_be_asked_for(as_: As, exchange: Exchange) -> None:
    exchange.landline()
    page = as_("counter").get("/calls").text
    offered = set(re.findall(r'<option value="(\w+)"', page))
    assert {"order_accepted", "tariff_change", "order_numbers"} <= offered
    assert not offered & {"one_time_code", "staff_code", "risk_digest", "escalation", "escalations"}


@pytest.mark.parametrize(
    "address", ["after=x", "after=9-9", "area=441800", "area=1", "template=x", "overdue=7"]
)
def test_any_address_of_the_list_is_answered(as_: As, exchange: Exchange, address: str) -> None:
    exchange.landline()
    assert as_("counter").get(f"/calls?{address}").status_code == 200


@pytest.mark.parametrize("task_id", [0, 10**18, 10**30])
def test_what_there_is_not(as_: As, exchange: Exchange, task_id: int) -> None:
    client = as_("counter")
    assert client.get(f"/calls/{task_id}").status_code == 404
    assert client.get(f"/notices/{task_id}").status_code == 404
    assert send(client, f"/calls/{task_id}/take", page="/calls/history").status_code in (400, 404)
