"""Returns at the desk: asked for on the order's page, decided on by another manager."""

import re

import pytest
from desk_forms import PASSWORD, faults, send
from sqlalchemy import text

from tests.desk_work import Book, plain, version_in
from tests.staff_sessions import sign_in
from tracker.orders.rules import Stage
from tracker.staff.create_account import create_account

ASKED = {"version": "1", "reason_code": "line_too_long", "reason_text": "光缆不到", "evidence": "KC-118"}


@pytest.fixture
def book(runtime, channel, place):
    return Book(runtime, channel, place)


@pytest.fixture
def enter(as_, book):
    """Signs in as one of the usual people, or as the operator's second manager or an installer."""
    for username, role in (("second", "manager"), ("fitter", "installer")):
        create_account(
            book.runtime.db,
            username=username,
            password=PASSWORD,
            role=role,
            display_name=username,
            operator_id=book.channel.operator_id,
        )
    first = as_("counter")

    def make(username: str):
        client = first.application.test_client()
        sign_in(client, book.runtime, username)
        return client

    return make


def request_of(book: Book) -> int:
    found: int = book.ask("SELECT max(id) FROM return_requests")
    return found


def test_asked_at_the_counter_and_approved_by_a_manager(enter, book) -> None:
    number = book.order()
    counter, manager = enter("counter"), enter("manager")
    assert "有退单申请待审批" not in manager.get("/").text
    assert send(counter, f"/orders/{number}/return", ASKED).status_code == 302
    assert "线路过长 · 光缆不到 待审批" in plain(counter.get(f"/orders/{number}/return").text)
    assert "有人申请退单，等待审批" in plain(counter.get(f"/orders/{number}").text)
    assert "有退单申请待审批" in manager.get("/").text
    assert "有退单申请待审批" not in counter.get("/").text
    listed = plain(manager.get("/orders/returns").text)
    assert f"{number} 线路过长 · 光缆不到 已受理" in listed
    path = f"/orders/returns/{request_of(book)}"
    version = version_in(manager.get(path).text)
    done = send(manager, path, {"version": version, "step": "approve", "words": "同意"})
    assert done.headers["Location"] == "/orders/returns"
    assert book.row(number).stage == "returned"
    page = plain(manager.get("/orders/returns").text)
    assert f"{number} 已同意 线路过长 · 光缆不到 同意 counter manager" in page
    history = plain(counter.get(f"/orders/{number}/history").text)
    for said in ("申请退单", "同意退单", "申请人 counter"):
        assert said in history
    assert number in plain(manager.get("/orders/returns?by=manager").text)
    assert number not in plain(manager.get("/orders/returns?by=second").text)


def test_a_managers_own_request_waits_for_the_other(enter, book) -> None:
    number = book.order()
    manager, again, second = enter("manager"), enter("manager"), enter("second")
    send(manager, f"/orders/{number}/return", ASKED)
    path = f"/orders/returns/{request_of(book)}"
    # Neither here nor through another session of the same person.
    for session in (manager, again):
        assert "有退单申请待审批" not in session.get("/").text
        assert "须由另一位经理审批" in plain(session.get(path).text)
        answer = send(session, path, {"version": "1", "step": "approve"})
        assert answer.status_code == 403
        assert "不能审批自己提出的退单申请" in plain(answer.text)
    assert book.row(number).stage == "accepted"
    send(second, path, {"version": "1", "step": "approve"})
    assert book.row(number).stage == "returned"


def test_a_refusal_needs_words_and_is_read_by_who_asked(enter, book) -> None:
    number = book.order()
    counter, manager = enter("counter"), enter("manager")
    send(counter, f"/orders/{number}/return", ASKED)
    path = f"/orders/returns/{request_of(book)}"
    answer = send(manager, path, {"version": "1", "step": "refuse", "words": "  "})
    assert list(faults(answer.text)) == ["words"]
    send(manager, path, {"version": "1", "step": "refuse", "words": "先查备用纤芯"})
    assert "先查备用纤芯" in plain(counter.get(f"/orders/{number}/return").text)
    assert "提交审批" in plain(counter.get(f"/orders/{number}/return").text)
    late = send(manager, path, {"version": "1", "step": "approve"}, page="/orders/returns")
    assert late.status_code == 409
    assert "该申请已经处理过" in plain(late.text)


def test_what_went_on_meanwhile_is_told_and_not_returned(enter, book) -> None:
    number = book.order()
    counter, manager = enter("counter"), enter("manager")
    send(counter, f"/orders/{number}/return", ASKED)
    path = f"/orders/returns/{request_of(book)}"
    book.move(number, Stage.VERIFIED)
    page = plain(manager.get(path).text)
    assert "现为 实名核验通过" in page
    assert "同意退单并告知客户" not in page
    answer = send(manager, path, {"version": "2", "step": "approve"})
    assert answer.status_code == 409
    assert "申请之后工单环节已变化" in plain(answer.text)
    assert book.row(number).stage == "verified"


def test_a_decider_who_was_too_slow_keeps_the_words(enter, book) -> None:
    number = book.order()
    send(enter("counter"), f"/orders/{number}/return", ASKED)
    manager = enter("manager")
    path = f"/orders/returns/{request_of(book)}"
    contact = {"version": "1", "name": "李四", "reason": "客户到厅更正"}
    send(enter("dispatcher"), f"/orders/{number}/contact", contact)
    answer = send(manager, path, {"version": "1", "step": "approve", "words": "已电话核实"})
    assert answer.status_code == 409
    words = plain(answer.text)
    assert "更正联系信息 姓名" in words
    assert "已电话核实" in answer.text
    send(manager, path, {"version": version_in(answer.text), "step": "approve", "words": "已电话核实"})
    assert book.row(number).stage == "returned"


def test_the_asker_takes_it_back(enter, book) -> None:
    number = book.order()
    counter = enter("counter")
    send(counter, f"/orders/{number}/return", ASKED)
    back = {"version": "1", "step": "retract", "request": str(request_of(book))}
    answer = send(enter("dispatcher"), f"/orders/{number}/return", back, page="/")
    assert answer.status_code == 403
    send(counter, f"/orders/{number}/return", back)
    assert "申请人已撤回" in plain(counter.get(f"/orders/{number}/return").text)


def test_an_installer_asks_for_the_orders_that_are_theirs(enter, book) -> None:
    own, other = book.order(), book.order()
    fitter = book.ask("SELECT id FROM accounts WHERE username = 'fitter'")
    with book.runtime.db.transaction() as connection:
        connection.execute(
            text("UPDATE orders SET installer_id = :id WHERE number = :number"), {"id": fitter, "number": own}
        )
    client = enter("fitter")
    assert client.get(f"/orders/{other}/return").status_code == 404
    assert client.get(f"/orders/{own}").status_code == 403
    ways = set(re.findall(r'<a [^>]*href="(/[^"]*)"', client.get(f"/orders/{own}/return").text))
    assert ways >= {"/jobs", f"/jobs/{own}"}
    assert [way for way in ways if client.get(way, follow_redirects=True).status_code != 200] == []
    assert send(client, f"/orders/{own}/return", ASKED).status_code == 302
    assert book.ask("SELECT asked_by FROM return_requests") == "staff:fitter"


@pytest.mark.parametrize("who", ["counter", "dispatcher", "fitter", "regulator", "administrator"])
def test_who_may_not_decide(enter, book, who) -> None:
    number = book.order()
    send(enter("manager"), f"/orders/{number}/return", ASKED)
    client = enter(who)
    assert client.get("/orders/returns").status_code == 403
    assert client.get(f"/orders/returns/{request_of(book)}").status_code == 403


def test_another_operators_requests_are_not_there(enter, book) -> None:
    """I6."""
    number = book.order()
    send(enter("counter"), f"/orders/{number}/return", ASKED)
    stranger = enter("stranger")
    assert stranger.get(f"/orders/returns/{request_of(book)}").status_code == 404
    assert number not in stranger.get("/orders/returns").text
