"""What was written down of a call is taken back by whoever wrote it down, and nothing of it is lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from tests.calling import DAY, HOUR, MINUTE, MORNING, Exchange, at
from tracker.audit.models import AuditEntry
from tracker.calls import queries
from tracker.calls.claim import holds, take_call
from tracker.calls.history import Closed, by_outcome, by_person, closed_page
from tracker.calls.take_back import take_back
from tracker.notices.intervene import send_again, tell_by_call
from tracker.orders.actor import Actor
from tracker.problems import Refusal
from tracker.sms.port import Standing

BACK = MORNING + 5 * HOUR
KEPT = ("attempts", "outcome", "closed_at", "next_attempt_at", "due_at")


def other(exchange: Exchange) -> Actor:
    return Actor(exchange.operator_id, "staff:chen")


def latest(exchange: Exchange, task_id: int) -> Any:
    return exchange.one("SELECT * FROM call_tasks WHERE id = :id", id=task_id)


def undo(exchange: Exchange, task_id: int, *, actor: Actor | None = None, version: int | None = None) -> None:
    seen = latest(exchange, task_id).version if version is None else version
    take_back(exchange.runtime, actor or exchange.actor, task_id, if_version=seen)


def refused(exchange: Exchange, task_id: int, **how: Any) -> str:
    before = latest(exchange, task_id)
    with pytest.raises(Refusal) as found:
        undo(exchange, task_id, **how)
    assert latest(exchange, task_id) == before
    return found.value.faults[0].rule


def past(exchange: Exchange, task_id: int) -> list[tuple[str, bool]]:
    with exchange.runtime.db.reading() as connection:
        return [(one.outcome, one.is_taken_back) for one in queries.attempts_of(connection, task_id)]


@pytest.mark.parametrize(
    ("outcome", "back"), [("reached", None), ("no_answer", None), ("wrong_number", None), ("call_back", BACK)]
)
def test_the_task_stands_as_it_did_before(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, outcome: str, back: datetime | None
) -> None:
    task = exchange.task(exchange.landline())
    at(monkeypatch, MORNING + HOUR)
    exchange.call(task.id, outcome, back=back, note="在家")
    at(monkeypatch, MORNING + HOUR + 9 * MINUTE)
    undo(exchange, task.id)
    after = latest(exchange, task.id)
    assert [getattr(after, name) for name in KEPT] == [getattr(task, name) for name in KEPT]
    assert after.version == task.version + 2
    assert holds(after, exchange.actor)
    assert past(exchange, task.id) == [("taken_back", False), (outcome, True)]
    # What really came of it is written down like any other.
    exchange.call(task.id, "reached")
    assert latest(exchange, task.id).attempts == 1


def test_the_call_before_stands_again(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    task = exchange.task(exchange.landline())
    exchange.call(task.id, "no_answer")
    at(monkeypatch, MORNING + 2 * HOUR)
    exchange.call(task.id, "no_answer")
    before = latest(exchange, task.id)
    for _ in range(2):
        exchange.call(task.id, "wrong_number")
        undo(exchange, task.id)
        after = latest(exchange, task.id)
        assert [getattr(after, name) for name in KEPT] == [getattr(before, name) for name in KEPT]


@pytest.mark.parametrize("outcome", ["reached", "no_answer"])
def test_what_was_added_to_a_closed_task_leaves_it_closed(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    task = exchange.task(exchange.landline())
    exchange.call(task.id, "reached")
    before, first = latest(exchange, task.id), exchange.actor
    at(monkeypatch, MORNING + MINUTE)
    with pytest.raises(Refusal, match=r"call\.closed"):
        exchange.call(task.id, outcome)
    exchange.actor = other(exchange)
    exchange.call(task.id, outcome, note="说的是另一件事", also_closed=True)
    assert refused(exchange, task.id, actor=first) == "call.nothing_to_take_back"
    for seen in ([(outcome, False), ("reached", False)], None):
        after = latest(exchange, task.id)
        assert [getattr(after, name) for name in KEPT] == [getattr(before, name) for name in KEPT]
        if seen is not None:
            assert past(exchange, task.id) == seen
            undo(exchange, task.id)
    assert past(exchange, task.id) == [("taken_back", False), (outcome, True), ("reached", False)]
    assert len(exchange.all("SELECT FROM notices")) == 1, "nothing is sent"
    assert exchange.all("SELECT FROM call_tasks WHERE closed_at IS NULL") == []
    which = Closed(exchange.operator_id, MORNING, MORNING + DAY)
    with exchange.runtime.db.reading() as connection:
        (closed,), _ = closed_page(connection, which, before=None, limit=9)
    assert (closed.actor, closed.outcome) == (first.label, "reached")


def test_the_audit_trail_tells_of_it(exchange: Exchange) -> None:
    task = exchange.task(exchange.landline())
    exchange.call(task.id, "reached")
    undo(exchange, task.id)
    with exchange.runtime.db.reading() as connection:
        (entry,) = connection.execute(select(AuditEntry.__table__)).all()
    assert (entry.action, entry.actor, entry.subject, entry.fields, entry.why) == (
        "changed",
        exchange.actor.label,
        f"notice:{task.notice_id}",
        ["call"],
        "call taken back",
    )


def test_nobody_counts_what_was_taken_back(exchange: Exchange) -> None:
    task = exchange.task(exchange.landline())
    exchange.call(task.id, "no_answer")
    exchange.actor = other(exchange)
    exchange.call(task.id, "reached")
    undo(exchange, task.id)
    which = Closed(exchange.operator_id, MORNING, MORNING + DAY)
    with exchange.runtime.db.reading() as connection:
        assert by_outcome(connection, which) == {}
        assert [tuple(row) for row in by_person(connection, which)] == [("staff:li", 1, 0)]
    exchange.actor = Actor(exchange.operator_id, "staff:li")
    exchange.call(task.id, "reached")
    with exchange.runtime.db.reading() as connection:
        assert [tuple(row) for row in by_person(connection, which)] == [("staff:li", 2, 1)]
        (closed,), _ = closed_page(connection, which, before=None, limit=9)
    assert (closed.actor, closed.attempts) == ("staff:li", 2)


class TestNot:
    def test_after_ten_minutes(self, exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
        task = exchange.task(exchange.landline())
        exchange.call(task.id, "reached")
        at(monkeypatch, MORNING + 10 * MINUTE)
        assert refused(exchange, task.id) == "call.take_back_over"

    def test_anybody_elses(self, exchange: Exchange) -> None:
        task = exchange.task(exchange.landline())
        exchange.call(task.id, "reached")
        assert refused(exchange, task.id, actor=other(exchange)) == "call.nothing_to_take_back"
        stranger = Actor(exchange.operator_id + 1, exchange.actor.label)
        assert refused(exchange, task.id, actor=stranger) == "call.not_found"

    def test_twice_nor_what_was_never_written_down(self, exchange: Exchange) -> None:
        task = exchange.task(exchange.landline())
        assert refused(exchange, task.id) == "call.nothing_to_take_back"
        for _ in range(2):
            exchange.call(task.id, "no_answer")
        undo(exchange, task.id)
        assert refused(exchange, task.id) == "call.nothing_to_take_back"

    def test_by_a_page_of_before(self, exchange: Exchange) -> None:
        task = exchange.task(exchange.landline())
        exchange.call(task.id, "no_answer")
        assert refused(exchange, task.id, version=task.version) == "version.stale"

    def test_while_somebody_else_is_calling(self, exchange: Exchange) -> None:
        task = exchange.task(exchange.landline())
        exchange.call(task.id, "no_answer")
        take_call(exchange.runtime, other(exchange), task.id)
        assert refused(exchange, task.id) == "call.claimed"

    def test_once_the_text_arrived_after_all(self, exchange: Exchange) -> None:
        notice = exchange.undelivered()
        task = exchange.task(notice)
        exchange.call(task.id, "reached")
        exchange.receive(notice.id, Standing.DELIVERED)
        assert refused(exchange, task.id) == "call.nothing_to_take_back"

    def test_once_the_text_is_sent_again(self, exchange: Exchange) -> None:
        notice = exchange.undelivered()
        task = exchange.task(notice)
        exchange.call(task.id, "no_answer")
        send_again(exchange.runtime, exchange.operator_id, "staff:wang", notice.id)
        assert refused(exchange, task.id) == "call.nothing_to_take_back"

    def test_once_somebody_is_to_call_about_it_again(self, exchange: Exchange) -> None:
        notice = exchange.undelivered()
        task = exchange.task(notice)
        exchange.call(task.id, "wrong_number")
        tell_by_call(exchange.runtime, exchange.operator_id, "staff:wang", notice.id)
        assert refused(exchange, task.id) == "call.nothing_to_take_back"

    def test_by_two_presses_at_once(self, exchange: Exchange) -> None:
        task = exchange.task(exchange.landline())
        exchange.call(task.id, "no_answer")
        exchange.call(task.id, "reached")
        version = latest(exchange, task.id).version

        def press(_: int) -> bool:
            try:
                undo(exchange, task.id, version=version)
            except Refusal:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(press, range(4))) == 1
        assert latest(exchange, task.id).attempts == 1
