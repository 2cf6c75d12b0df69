"""Returns: asked for by one person, decided on by another, in one commit with what follows."""

import threading
from collections.abc import Callable

import argon2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.complaining import Desk
from tests.desk_work import Book
from tracker.orders import approvals
from tracker.orders.actor import Actor
from tracker.orders.ask_return import ask_return, retract_return
from tracker.orders.decide_return import decide_return
from tracker.orders.rules import MOVES, Stage
from tracker.problems import Refusal


@pytest.fixture(scope="module", autouse=True)
def quick_hashes():
    """Hashes are slow on purpose; here they only have to be right."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = (1, 8, 1, 32, 16, "utf-8", argon2.Type.ID)
        patch.setattr(argon2.PasswordHasher.__init__, "__defaults__", cheap)
        yield


@pytest.fixture
def book(runtime, channel, place):
    return Book(runtime, channel, place)


@pytest.fixture(autouse=True)
def office(book) -> Desk:
    """Two managers and somebody at the counter."""
    made = Desk(book.runtime, book.channel.operator_id, book.place)
    for username, role in (("manager", "manager"), ("manager2", "manager"), ("counter", "counter")):
        made.hire(username, role)
    return made


@pytest.fixture
def by(book) -> Callable[[str], Actor]:
    """Somebody of the orders' operator."""
    return lambda username: Actor(book.channel.operator_id, f"staff:{username}")


@pytest.fixture
def ask(book, by):
    def make(number: str, who: str = "counter", **changes) -> int:
        request = {"reason_code": "line_too_long", "reason_text": "光缆不到", "evidence": "KC-118"} | changes
        return ask_return(book.runtime, by(who), number, request)

    return make


def rules(refusal) -> list[str]:
    return [fault.rule for fault in refusal.value.faults]


def state(book: Book, request: int) -> str:
    found: str = book.ask("SELECT state FROM return_requests WHERE id = :id", id=request)
    return found


def test_another_manager_approves_and_the_order_is_returned(book, by, ask) -> None:
    number = book.order(Stage.DISPATCHED)
    request = ask(number)
    before = book.row(number).version
    assert decide_return(book.runtime, by("manager"), request, approve=True, words="同意") == number
    order, event = book.row(number), book.events(number)[-1]
    assert (order.stage, order.version) == ("returned", before + 1)
    assert order.closed_at is not None
    assert (event.actor, event.reason_code, event.reason_text) == (
        "staff:manager",
        "line_too_long",
        "光缆不到",
    )
    assert event.detail == {"asked_by": "staff:counter", "return_request": request}
    (told,) = book.texts("cancelled")
    assert "线路过长" in told.body


def test_asking_changes_nothing_of_the_order(book, ask) -> None:
    number = book.order()
    before = book.row(number)
    ask(number)
    assert book.row(number) == before
    assert len(book.events(number)) == 1


def test_nobody_decides_on_their_own_request(book, by, ask) -> None:
    number = book.order()
    request = ask(number, "manager")
    for approve in (True, False):
        with pytest.raises(Refusal) as refusal:
            decide_return(book.runtime, by("manager"), request, approve=approve, words="自批")
        assert rules(refusal) == ["return.own_request"]
    assert book.row(number).stage == "accepted"
    decide_return(book.runtime, by("manager2"), request, approve=True)
    assert book.row(number).stage == "returned"


@pytest.mark.parametrize("who", ["staff:counter", "staff:nobody", "staff:gone", "channel:app", "system"])
def test_only_a_manager_in_office_decides(book, office, ask, who) -> None:
    gone = office.hire("gone")
    with book.runtime.db.transaction() as connection:
        connection.execute(text("UPDATE accounts SET disabled_at = now() WHERE id = :id"), {"id": gone})
    number = book.order()
    request = ask(number, "manager")
    with pytest.raises(Refusal) as refusal:
        decide_return(book.runtime, Actor(book.channel.operator_id, who), request, approve=True)
    assert rules(refusal) == ["return.not_manager"]
    assert book.row(number).stage == "accepted"


def test_not_even_the_database_lets_one_person_do_both(book, ask) -> None:
    request = ask(book.order(), "manager")
    with (
        pytest.raises(IntegrityError, match="two_people"),
        book.runtime.db.transaction() as connection,
    ):
        connection.execute(
            text(
                "UPDATE return_requests SET state = 'approved', decided_by = asked_by, decided_at = now()"
                " WHERE id = :id"
            ),
            {"id": request},
        )


def test_a_refusal_says_why_and_the_order_goes_on(book, by, ask) -> None:
    number = book.order()
    request = ask(number)
    with pytest.raises(Refusal) as refusal:
        decide_return(book.runtime, by("manager"), request, approve=False)
    assert rules(refusal) == ["return.words_required"]
    decide_return(book.runtime, by("manager"), request, approve=False, words="先查备用纤芯")
    assert state(book, request) == "refused"
    assert book.row(number).version == 1
    with pytest.raises(Refusal) as refusal:
        decide_return(book.runtime, by("manager"), request, approve=True)
    assert rules(refusal) == ["return.decided"]
    assert ask(number) > request


def test_an_order_that_went_on_is_not_returned_by_an_old_request(book, by, ask) -> None:
    number = book.order()
    request = ask(number)
    book.move(number, Stage.VERIFIED)
    with pytest.raises(Refusal) as refusal:
        decide_return(book.runtime, by("manager"), request, approve=True)
    assert rules(refusal) == ["return.moved_on"]
    decide_return(book.runtime, by("manager"), request, approve=False, words="按现状重新申请")
    assert book.row(number).stage == "verified"


def test_a_decider_who_saw_an_older_order_is_told(book, by, ask) -> None:
    request = ask(book.order())
    with pytest.raises(Refusal) as refusal:
        decide_return(book.runtime, by("manager"), request, approve=True, if_version=7)
    assert rules(refusal) == ["version.stale"]
    assert state(book, request) == "open"


def test_one_request_at_a_time(book, ask) -> None:
    number = book.order()
    ask(number)
    with pytest.raises(Refusal) as refusal:
        ask(number, "dispatcher")
    assert rules(refusal) == ["return.open_already"]


def test_only_who_asked_takes_it_back(book, by, ask) -> None:
    number = book.order()
    request = ask(number)
    with pytest.raises(Refusal) as refusal:
        retract_return(book.runtime, by("manager"), request)
    assert rules(refusal) == ["return.not_own"]
    retract_return(book.runtime, by("counter"), request)
    assert state(book, request) == "retracted"
    with pytest.raises(Refusal) as refusal:
        retract_return(book.runtime, by("counter"), request)
    assert rules(refusal) == ["return.decided"]
    with pytest.raises(Refusal) as refusal:
        decide_return(book.runtime, by("manager"), request, approve=True)
    assert rules(refusal) == ["return.decided"]


@pytest.mark.parametrize("stage", [stage for stage in Stage if Stage.RETURNED not in MOVES[stage]])
def test_what_cannot_be_returned_is_not_asked_for(book, ask, stage) -> None:
    number = book.order()
    with book.runtime.db.transaction() as connection:
        connection.execute(text("UPDATE orders SET stage = :stage"), {"stage": stage})
    with pytest.raises(Refusal) as refusal:
        ask(number)
    assert rules(refusal) == ["return.not_now"]


def test_another_reason_needs_words(book, ask) -> None:
    with pytest.raises(Refusal) as refusal:
        ask(book.order(), reason_code="other", reason_text=None)
    assert rules(refusal) == ["order.reason_text_required"]


def test_another_operators_requests_are_not_there(book, ask, runtime) -> None:
    """I6."""
    number = book.order()
    request = ask(number)
    other = next(o for o in runtime.reference.current().operators if o != book.channel.operator_id)
    stranger = Actor(other, "staff:stranger")
    for act in (
        lambda: decide_return(runtime, stranger, request, approve=True),
        lambda: retract_return(runtime, stranger, request),
    ):
        with pytest.raises(Refusal) as refusal:
            act()
        assert rules(refusal) == ["return.not_found"]
    assert state(book, request) == "open"


def test_of_many_deciders_at_once_one_decides(book, office, by, ask) -> None:
    for index in range(3, 9):
        office.hire(f"manager{index}")
    number = book.order()
    request = ask(number)
    outcomes: list[str] = []
    start = threading.Barrier(7)

    def decide(index: int) -> None:
        start.wait()
        try:
            decide_return(
                book.runtime, by(f"manager{index + 2}"), request, approve=index % 2 == 0, words="见意见"
            )
            outcomes.append("done")
        except Refusal as refusal:
            outcomes.append(refusal.faults[0].rule)

    threads = [threading.Thread(target=decide, args=(index,)) for index in range(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", *["return.decided"] * 6]
    returned = book.row(number).stage == "returned"
    assert returned == (state(book, request) == "approved")
    assert len(book.texts("cancelled")) == int(returned)


def test_of_many_who_ask_at_once_one_has_asked(book, ask) -> None:
    number = book.order()
    outcomes: list[str] = []
    start = threading.Barrier(6)

    def wish(index: int) -> None:
        start.wait()
        try:
            ask(number, f"counter{index}")
            outcomes.append("done")
        except Refusal as refusal:
            outcomes.append(refusal.faults[0].rule)

    threads = [threading.Thread(target=wish, args=(index,)) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", *["return.open_already"] * 5]


def test_a_request_cannot_be_taken_back_while_it_is_decided_on(book, by, ask, monkeypatch) -> None:
    """Who was told that it is taken back has an order that goes on."""
    number = book.order()
    request = ask(number)
    told: list[str] = []

    def take_back() -> None:
        try:
            retract_return(book.runtime, by("counter"), request)
            told.append("taken back")
        except Refusal as refusal:
            told.append(refusal.faults[0].rule)

    meanwhile = threading.Thread(target=take_back)
    faults_of = approvals.decision_faults

    def slowly(*given, **more):
        meanwhile.start()
        meanwhile.join(timeout=1)
        return faults_of(*given, **more)

    monkeypatch.setattr(approvals, "decision_faults", slowly)
    decide_return(book.runtime, by("manager"), request, approve=True)
    meanwhile.join(timeout=10)
    assert told == ["return.decided"]
    assert (state(book, request), book.row(number).stage) == ("approved", "returned")
