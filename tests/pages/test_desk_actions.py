"""What the desk does to one order, each by a small form: by whom, when, stale, twice, undone."""

import re
from datetime import timedelta

import pytest
from desk_forms import faults, fields_of, send

from tests.complaining import NOW
from tests.desk_work import Book, plain, version_in
from tracker import clock
from tracker.orders.rules import Stage
from tracker.real_name.require_checks import require_checks

HOLD = {"reason_code": "not_decorated", "until": "2026-12-05", "evidence": "", "reason_text": "等客户装修"}
DATE = {
    "basis": "date",
    "deadline": "2026-12-10T18:00",
    "contact": "王敏",
    "extension": "8",
    "reason_code": "estate_unfinished",
    "reason_text": "",
    "evidence": "GW-12",
}


@pytest.fixture(autouse=True)
def morning(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def book(runtime, channel, place):
    return Book(runtime, channel, place)


def sent(client, number: str, what: str, typed: dict[str, str], version: int | str = 1, step: str = "do"):
    data = {"version": str(version), "step": step, **typed}
    return send(client, f"/orders/{number}/{what}", data)


def test_a_hold_shows_the_new_promise_before_it_is_placed(desk, book) -> None:
    number = book.order()
    shown = sent(desk, number, "hold", HOLD, step="preview")
    words = plain(shown.text)
    assert "现在的期限 11月26日（周四）08:40" in words
    assert "新的期限 12月7日（周一）24:00" in words
    assert book.row(number).version == 1
    carried = fields_of(shown.text)
    assert {name: carried[name] for name in HOLD} == HOLD
    assert fields_of(sent(desk, number, "hold", HOLD, step="edit").text)["until"] == "2026-12-05"
    answer = send(desk, f"/orders/{number}/hold", carried | {"step": "do"})
    assert answer.headers["Location"] == f"/orders/{number}"
    page = plain(desk.get(f"/orders/{number}").text)
    assert "已缓装，并已告知客户" in page
    assert "缓装至 12月5日（周六）" in page
    (told,) = book.texts("on_hold")
    assert told.order_id == book.row(number).id


def test_the_visit_within_a_hold_is_named_before_and_after_it_is_off(desk, book, as_) -> None:
    """The visit is the day after tomorrow, 26 November; the hold ends with 5 December."""
    number = book.order(Stage.APPOINTED)
    shown = plain(sent(desk, number, "hold", HOLD, version=5, step="preview").text)
    assert "11月26日8:40-10:40的上门将取消，时段让给别的客户。" in shown
    assert "撤回缓装也不会恢复" in shown
    short = sent(desk, number, "hold", HOLD | {"until": "2026-11-25"}, version=5, step="preview")
    assert "将取消" not in plain(short.text)
    assert book.row(number).stage == "appointed"
    assert sent(desk, number, "hold", HOLD, version=5).status_code == 302
    page = plain(desk.get(f"/orders/{number}").text)
    assert "期间的上门已取消、时段已让出" in page
    assert "已派单" in page
    assert "取消 11月26日8:40-10:40 的上门" in plain(desk.get(f"/orders/{number}/history").text)
    version = str(book.row(number).version)
    send(desk, f"/orders/{number}/undo", {"version": version}, page=f"/orders/{number}")
    assert "原来的上门已取消，不会恢复" in plain(desk.get(f"/orders/{number}").text)
    assert book.row(number).appointment_starts_at is None


def test_a_hold_is_undone_within_ten_minutes_and_nobody_hears_of_it(desk, book, monkeypatch) -> None:
    number = book.order()
    before = book.ask("SELECT deadline FROM promises")
    sent(desk, number, "hold", HOLD)
    page = desk.get(f"/orders/{number}").text
    assert "08:50 前可以撤回" in plain(page)
    send(desk, f"/orders/{number}/undo", {"version": "2"}, page=f"/orders/{number}")
    assert {one.state for one in book.texts("on_hold", "resumed")} == {"cancelled"}
    assert book.ask("SELECT deadline FROM promise_entries ORDER BY id DESC LIMIT 1") == before
    assert "撤回" in plain(desk.get(f"/orders/{number}").text)
    sent(desk, number, "hold", HOLD, version=3)
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=11))
    assert "撤回刚才的操作" not in plain(desk.get(f"/orders/{number}").text)
    send(desk, f"/orders/{number}/undo", {"version": "4"}, page=f"/orders/{number}")
    assert "已超过10分钟，不能撤回" in plain(desk.get(f"/orders/{number}").text)
    assert book.row(number).version == 4


def test_a_hold_is_ended_and_that_is_undone(desk, book) -> None:
    number = book.order()
    sent(desk, number, "hold", HOLD)
    held = book.ask("SELECT deadline FROM promise_entries")
    assert "缓装原定到 12月5日（周六）" in plain(desk.get(f"/orders/{number}/resume").text)
    sent(desk, number, "resume", {"reason_text": "提前装好了"}, version=2)
    assert "没有在缓装" in plain(desk.get(f"/orders/{number}/resume").text)
    send(desk, f"/orders/{number}/undo", {"version": "3"}, page=f"/orders/{number}")
    assert book.ask("SELECT deadline FROM promise_entries ORDER BY id DESC LIMIT 1") == held
    assert "缓装至 12月5日" in plain(desk.get(f"/orders/{number}").text)


def test_nothing_else_is_undone_so(desk, book) -> None:
    number = book.order()
    send(desk, f"/orders/{number}/undo", {"version": "1"}, page=f"/orders/{number}")
    assert "没有可撤回的操作" in plain(desk.get(f"/orders/{number}").text)


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"reason_code": ""}, "reason_code"),
        ({"reason_code": "line_too_long"}, "reason_code"),
        ({"until": ""}, "until"),
        ({"until": "soon"}, "until"),
        ({"until": "2026-11-20"}, "until"),
        ({"until": "2027-11-20"}, "until"),
        ({"until": "9999-12-31"}, "until"),
    ],
)
@pytest.mark.parametrize("step", ["preview", "do"])
def test_a_wrong_hold_says_what_is_wrong_and_keeps_the_rest(desk, book, typed, wrong, step) -> None:
    number = book.order()
    answer = sent(desk, number, "hold", HOLD | typed, step=step)
    assert answer.status_code == 422
    assert list(faults(answer.text)) == [wrong]
    assert 'value="等客户装修"' in answer.text
    assert book.row(number).version == 1


def test_whoever_was_too_slow_sees_what_others_did_and_sends_it_by_one_press(desk, book, as_) -> None:
    number = book.order()
    book.move(number, Stage.VERIFIED)
    answer = sent(desk, number, "hold", HOLD, version=1)
    assert answer.status_code == 409
    words = plain(answer.text)
    for said in ("有人先一步改动了这个工单", "实名核验通过", "官方APP", "您填写的内容都还在"):
        assert said in words
    carried = fields_of(answer.text)
    assert carried["version"] == "2"
    send(desk, f"/orders/{number}/hold", carried | {"step": "do"})
    assert book.events(number)[-1].kind == "hold"
    # Sent twice it is a stale page.
    assert send(desk, f"/orders/{number}/hold", carried | {"step": "do"}).status_code == 409
    assert len(book.events(number)) == 3


@pytest.mark.parametrize(
    ("what", "typed"),
    [
        ("contact", {"name": "李四", "phone": "13900005678", "reason": "客户到厅更正"}),
        ("withdraw", {"reason_code": "no_longer_wanted", "reason_text": "搬家"}),
        ("repromise", DATE),
        ("real-name", {"check": "id_document", "result": "passed", "reference": "RZ-77"}),
        ("return", {"reason_code": "line_too_long", "reason_text": "光缆不到", "evidence": "KC-1"}),
    ],
)
def test_no_form_loses_what_was_typed(desk, book, what, typed) -> None:
    number = book.order()
    book.move(number, Stage.VERIFIED)
    answer = sent(desk, number, what, typed, version=1)
    assert answer.status_code == 409
    assert "实名核验通过" in plain(answer.text)
    assert version_in(answer.text) == "2"
    for value in typed.values():
        assert value == "" or f'value="{value}"' in answer.text or f'value="{value}" selected' in answer.text
    before = len(book.events(number))
    done = sent(desk, number, what, typed, version=2)
    assert done.status_code == 302
    assert len(book.events(number)) == before + (what != "return")


def test_the_desk_brings_an_order_to_where_it_can_be_dispatched(desk, book) -> None:
    number = book.order()
    assert "核验通过" in plain(desk.get(f"/orders/{number}").text)
    assert sent(desk, number, "step", {"to": "verified"}).status_code == 302
    assert book.row(number).stage == "verified"
    # Pressed twice, it is not two steps.
    assert sent(desk, number, "step", {"to": "verified"}).status_code == 409
    assert sent(desk, number, "step", {"to": "resource_checked"}, version=1).status_code == 409
    assert sent(desk, number, "step", {"to": "dispatched"}, version=2).status_code == 409
    assert sent(desk, number, "step", {"to": "resource_checked"}, version=2).status_code == 302
    row = book.row(number)
    assert (row.stage, row.version) == ("resource_checked", 3)
    assert "营业厅没有要办的步骤" in plain(desk.get(f"/orders/{number}/step").text)
    history = plain(desk.get(f"/orders/{number}/history").text)
    assert "资源已核查" in history


def test_what_is_required_comes_first(desk, book) -> None:
    number = book.order()
    require_checks(
        book.runtime.db, book.channel.operator_id, ["id_document"], "测试", "staff:manager", if_last=None
    )
    assert "尚未通过的实名核验：证件核验" in plain(desk.get(f"/orders/{number}/step").text)
    assert sent(desk, number, "step", {"to": "verified"}).status_code == 409
    assert book.row(number).stage == "accepted"


def test_a_withdrawal_asks_once_and_ends_the_order(desk, book) -> None:
    number = book.order()
    page = plain(desk.get(f"/orders/{number}/withdraw").text)
    assert "撤单后不能恢复" in page
    answer = sent(desk, number, "withdraw", {"reason_code": "line_too_long"})
    assert list(faults(answer.text)) == ["reason_code"]
    sent(desk, number, "withdraw", {"reason_code": "no_longer_wanted"})
    assert book.row(number).stage == "withdrawn"
    assert "当前环节不能撤单" in plain(desk.get(f"/orders/{number}/withdraw").text)
    assert sent(desk, number, "withdraw", {"reason_code": "no_longer_wanted"}, version=2).status_code == 409
    assert len(book.texts("withdrawn")) == 1


def test_a_new_promise_is_shown_first(desk, book) -> None:
    number = book.order()
    words = plain(sent(desk, number, "repromise", DATE, step="preview").text)
    assert "新的期限 12月10日（周四）18:00" in words
    assert "王敏 8" in words
    assert book.row(number).version == 1
    sent(desk, number, "repromise", DATE)
    (told,) = book.texts("delayed")
    assert "王敏" in told.body
    built = {"basis": "needs_building", "reason_code": "line_missing"}
    other = book.order()
    assert "经核查需先建设线路" in plain(sent(desk, other, "repromise", built, step="preview").text)
    sent(desk, other, "repromise", built)
    assert book.row(other).resource == "needs_building"


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"basis": ""}, ["basis"]),
        ({"deadline": "soon"}, ["deadline"]),
        ({"deadline": "2026-11-25T08:00"}, ["deadline"]),
        ({"contact": ""}, ["contact"]),
        ({"extension": "x"}, ["extension"]),
        ({"reason_code": ""}, ["reason_code"]),
    ],
)
def test_a_wrong_promise_says_what_is_wrong(desk, book, typed, wrong) -> None:
    number = book.order()
    answer = sent(desk, number, "repromise", DATE | typed)
    assert answer.status_code == 422
    assert list(faults(answer.text)) == wrong
    assert book.row(number).version == 1


def test_a_contact_is_corrected_without_being_shown(desk, book) -> None:
    number = book.order()
    page = desk.get(f"/orders/{number}/contact").text
    for personal in ("张三", "13800001234", "测试路"):
        assert personal not in page
    answer = sent(desk, number, "contact", {"phone": "123", "reason": ""})
    assert sorted(faults(answer.text)) == ["phone", "reason"]
    sent(desk, number, "contact", {"phone": "139 0000 5678", "reason": "客户到厅更正"})
    assert "139****5678" in plain(desk.get(f"/orders/{number}").text)
    history = plain(desk.get(f"/orders/{number}/history").text)
    assert "更正联系信息 联系电话 客户到厅更正 manager" in history


@pytest.mark.parametrize("why", ["call", "identity", "visit", "complaint"])
def test_data_in_clear_needs_a_reason_and_is_noted(desk, book, why) -> None:
    number = book.order()
    answer = send(desk, f"/orders/{number}", {"why": why})
    for personal in ("张三", "+8613800001234", "测试路1号2栋301房"):
        assert personal in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    (entry,) = book.trail()
    assert (entry.action, entry.actor) == ("saw", "staff:manager")
    assert sorted(entry.fields) == ["address_detail", "contact_phone", "customer_name"]
    # This once: the next look is masked again.
    assert "张三" not in desk.get(f"/orders/{number}").text


@pytest.mark.parametrize(
    "asked", [{}, {"why": "x"}, {"why": "other"}, {"why": "call", "why_text": "打 13800001234"}]
)
def test_without_a_reason_nothing_is_shown(desk, book, asked) -> None:
    number = book.order()
    answer = send(desk, f"/orders/{number}", asked)
    assert answer.status_code == 422
    assert "张三" not in answer.text
    assert book.trail() == []


def test_the_history_tells_everything_in_words(desk, book) -> None:
    number = book.order()
    sent(desk, number, "hold", HOLD)
    sent(
        desk,
        number,
        "real-name",
        {"check": "id_document", "result": "failed", "reason_code": "document_expired"},
        2,
    )
    sent(desk, number, "return", {"reason_code": "unreachable"}, 3)
    words = plain(desk.get(f"/orders/{number}/history").text)
    for said in (
        "已受理",
        "缓装 至 12月5日（周六） · 期限 11月26日（周四）08:40 → 12月7日（周一）24:00",
        "未装修 · 等客户装修 manager",
        "实名核验 证件核验 未通过 · 证件已过期",
        "申请退单",
        "联系不上",
    ):
        assert said in words, said
    only = plain(desk.get(f"/orders/{number}/history?kind=promise").text)
    assert "未装修" in only
    assert "证件已过期" not in only
    assert "没有这类记录" in plain(desk.get(f"/orders/{number}/history?kind=money").text)
    rows = desk.get(f"/orders/{number}/history.csv").text.splitlines()
    assert len(rows) == 5
    assert desk.get(f"/orders/{number}/history.xlsx").data[:2] == b"PK"
    assert "Asked" not in words
    assert "document has expired" in plain(desk.get(f"/orders/{number}/history?lang=en").text)


PAGES = {
    "": {"counter", "dispatcher", "manager"},
    "/promise": {"counter", "dispatcher", "manager"},
    "/fees": {"counter", "dispatcher", "manager"},
    "/visit": {"counter", "dispatcher", "manager"},
    "/history": {"counter", "dispatcher", "manager"},
    "/history.csv": {"counter", "dispatcher", "manager"},
    "/hold": {"counter", "dispatcher", "manager"},
    "/resume": {"counter", "dispatcher", "manager"},
    "/withdraw": {"counter", "dispatcher", "manager"},
    "/step": {"counter", "dispatcher", "manager"},
    "/contact": {"counter", "dispatcher", "manager"},
    "/real-name": {"counter", "dispatcher", "manager"},
    "/return": {"counter", "dispatcher", "manager"},
    "/repromise": {"dispatcher", "manager"},
}


@pytest.mark.parametrize(
    "who", ["counter", "dispatcher", "manager", "stranger", "regulator", "administrator"]
)
def test_who_may_do_what(as_, book, who) -> None:
    """I6."""
    number = book.order()
    client = as_(who)
    for page, roles in PAGES.items():
        expected = 200 if who in roles else 404 if who == "stranger" else 403
        assert client.get(f"/orders/{number}{page}").status_code == expected, page
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/nowhere").text)
    assert token
    for page in ("/hold", "/withdraw", "/contact", "/repromise", "/real-name", "/return", "/undo", ""):
        if who in PAGES.get(page, PAGES[""]):
            continue
        data = {"csrf_token": token[1], "version": "1", "step": "do", "why": "call", **HOLD}
        answer = client.post(f"/orders/{number}{page}", data=data)
        assert answer.status_code == (404 if who == "stranger" else 403), page
    assert book.trail() == []
    assert book.row(number).version == 1


def test_a_wanting_check_is_shown_and_stands_in_the_way(desk, book) -> None:
    number = book.order()
    require_checks(book.runtime.db, book.channel.operator_id, ["id_document"], "试行", "staff:x")
    assert "实名核验还差：证件核验" in plain(desk.get(f"/orders/{number}").text)
    page = plain(desk.get(f"/orders/{number}/real-name").text)
    assert "还差 1 项" in page
    sent(desk, number, "real-name", {"check": "id_document", "result": "passed", "reference": "RZ-1"})
    assert "要求的核验都已完成" in plain(desk.get(f"/orders/{number}/real-name").text)


def test_only_a_manager_waives(as_, book) -> None:
    number = book.order()
    waiver = {"check": "face_match", "result": "waived", "reason_text": "老人行动不便"}
    counter = as_("counter")
    assert "免除</option>" not in counter.get(f"/orders/{number}/real-name").text
    answer = sent(counter, number, "real-name", waiver)
    assert answer.status_code == 403
    assert list(faults(answer.text)) == ["result"]
    manager = as_("manager")
    assert sent(manager, number, "real-name", waiver).status_code == 302


def test_what_is_required_is_set_by_a_manager_with_a_reason(desk, book) -> None:
    page = desk.get("/real-name").text
    assert "目前不要求核验" in plain(page)
    asked = {"checks": ["face_match", "id_document", "nonsense"], "reason": "主管部门要求", "last": "0"}
    assert send(desk, "/real-name", asked | {"reason": ""}).status_code == 422
    assert send(desk, "/real-name", asked).status_code == 302
    assert "证件核验、人像比对 主管部门要求 manager" in plain(desk.get("/real-name").text)
    required = book.runtime.reference.current().required_checks
    assert required == {book.channel.operator_id: frozenset({"id_document", "face_match"})}
    stale = send(desk, "/real-name", asked)
    assert stale.status_code in (409, 412)


@pytest.mark.parametrize("who", ["counter", "dispatcher", "regulator", "administrator"])
def test_who_may_not_set_what_is_required(as_, who) -> None:
    assert as_(who).get("/real-name").status_code == 403
