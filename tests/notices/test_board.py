"""The board of notices: every count is a plain count, and leads to what it is of."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from statistics import median

import pytest

from tests.calling import DAY, HOUR, MORNING, Exchange, at, exchange_of
from tracker import clock
from tracker.notices import board
from tracker.notices.board import KIND_OF, KINDS, OPEN_CALL, Period, Which
from tracker.notices.intervene import tell_by_call
from tracker.notices.one_notice import course_of
from tracker.notices.rules import State, parts
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.sms.port import Scope, Standing


@pytest.fixture
def exchange(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    monkeypatch: pytest.MonkeyPatch,
) -> Exchange:
    return exchange_of(runtime, channel, place, monkeypatch, "staff:wang")


@pytest.fixture
def told(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> Exchange:
    """Two days of texts in every state, through two providers."""
    exchange.delivered()
    exchange.gateway.name = "other"
    exchange.delivered()
    exchange.send()
    exchange.gateway.name = "scripted"
    exchange.undelivered("30005")
    exchange.undelivered("30003")
    at(monkeypatch, MORNING + DAY)
    exchange.unknown()
    exchange.not_sent()
    exchange.refused()
    exchange.refused("21617", Scope.CONTENT)
    exchange.refused("20003", Scope.ACCOUNT)
    exchange.landline()
    exchange.call(exchange.task(exchange.undelivered("30005")).id, "reached")
    waiting = exchange.send()
    exchange.change("UPDATE notices SET state = 'cancelled', reason = 'x' WHERE id = :id", id=waiting.id)
    exchange.place()
    # Another operator's, which nobody here may count.
    exchange.change(
        "INSERT INTO notices (operator_id, template, template_version, language, params, body, recipient,"
        " dedup_key, queue, state, next_at, attempts, misses, created_at) SELECT 2, template,"
        " template_version, language, params, body, recipient, 'next door', queue, 'delivered', next_at, 1,"
        " 0, created_at FROM notices WHERE id = 1"
    )
    return exchange


def whole(exchange: Exchange) -> Period:
    return Period(exchange.operator_id, MORNING - DAY, MORNING + 2 * DAY)


def everything(exchange: Exchange):
    return exchange.all("SELECT * FROM notices WHERE operator_id = :o", o=exchange.operator_id)


def ids(exchange: Exchange, **narrowed) -> list[int]:
    """The list, page after page."""
    which = Which(narrowed.pop("period", whole(exchange)), **narrowed)
    found, before = [], None
    while True:
        with exchange.runtime.db.reading() as connection:
            rows, before = board.notice_page(connection, which, before=before, limit=3)
        found += [row.id for row in rows]
        if before is None:
            return found


def cells(exchange: Exchange, period: Period | None = None):
    with exchange.runtime.db.reading() as connection:
        return board.cells(connection, period or whole(exchange))


def test_each_count_is_a_plain_count(told: Exchange) -> None:
    plain = Counter(
        (clock.local_date(row.created_at), row.template, row.provider or "-", row.state)
        for row in everything(told)
    )
    counted = {(row.day, row.template, row.provider, row.state): row.notices for row in cells(told)}
    assert counted == plain
    assert {row.state for row in cells(told)} == {
        "delivered",
        "accepted",
        "undelivered",
        "unknown",
        "created",
        "call",
        "cancelled",
    }
    assert len({row.day for row in cells(told)}) == 2


def test_each_kind_leads_to_its_notices_the_latest_first(told: Exchange) -> None:
    rows = everything(told)
    assert {state for states in KINDS.values() for state in states} == set(State)
    for kind in KINDS:
        wanted = sorted((row.id for row in rows if KIND_OF[State(row.state)] == kind), reverse=True)
        assert ids(told, kind=kind) == wanted, kind
    assert ids(told) == sorted((row.id for row in rows), reverse=True)


def test_each_line_leads_to_its_notices(told: Exchange) -> None:
    rows = everything(told)
    for provider in {row.provider for row in rows}:
        wanted = {row.id for row in rows if row.provider == provider}
        assert set(ids(told, provider=provider or board.NO_PROVIDER)) == wanted
    assert set(ids(told, template="order_accepted")) == {row.id for row in rows}
    assert ids(told, template="dispatched") == []
    second = Period(told.operator_id, MORNING + HOUR, MORNING + 2 * DAY)
    assert set(ids(told, period=second)) == {row.id for row in rows if row.created_at >= second.begin}


def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(told: Exchange) -> None:
    first = [row for row in everything(told) if row.created_at == MORNING]
    exact = Period(told.operator_id, MORNING, MORNING + DAY)
    assert sum(row.notices for row in cells(told, exact)) == len(first)
    before = Period(told.operator_id, MORNING - DAY, MORNING)
    assert list(cells(told, before)) == []


def test_each_cause_leads_to_its_notices(told: Exchange) -> None:
    with told.runtime.db.reading() as connection:
        causes = board.causes(connection, whole(told))
    trouble = ("call", "undelivered", "unknown")
    plain = Counter(
        (row.state, row.provider, row.reason or "") for row in everything(told) if row.state in trouble
    )
    assert {(one.state, one.provider, one.reason): one.count for one in causes} == plain
    assert causes[0].reason == "undelivered: undelivered 30005"
    assert [one.count for one in causes] == sorted((one.count for one in causes), reverse=True)
    for one in causes:
        found = [row for row in everything(told) if row.id in ids(told, reason=one.digest)]
        assert {row.reason or "" for row in found} == {one.reason}
        assert len(found) >= one.count


def test_calls_that_came_of_them(told: Exchange) -> None:
    with told.runtime.db.reading() as connection:
        counted = board.calls(connection, whole(told))
        before = board.calls(connection, Period(told.operator_id, MORNING - DAY, MORNING))
    plain = Counter(
        "open" if row.closed_at is None else row.outcome
        for row in told.all("SELECT * FROM call_tasks WHERE operator_id = :o", o=told.operator_id)
    )
    assert counted == plain
    assert counted["reached"] == 1
    assert before == {}
    assert len(ids(told, call=OPEN_CALL)) == counted[OPEN_CALL]
    assert len(ids(told, call="reached")) == 1
    assert ids(told, call="told_by_text") == []


def test_waits_are_those_of_the_texts(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]
    for wait in seconds:
        at(monkeypatch, MORNING)
        sent = exchange.send()
        exchange.change(
            "UPDATE notices SET accepted_at = next_at + make_interval(secs => :s),"
            " delivered_at = next_at + make_interval(secs => 2 * :s), state = 'delivered' WHERE id = :id",
            s=wait,
            id=sent.id,
        )
    with exchange.runtime.db.reading() as connection:
        found = board.waits(connection, whole(exchange))
    assert found[State.ACCEPTED].count == found[State.DELIVERED].count == len(seconds)
    assert found[State.ACCEPTED].median == pytest.approx(median(seconds))
    # The ninth of ten, and a tenth of the way to the last.
    assert found[State.ACCEPTED].p90 == pytest.approx(55 + 0.1 * (89 - 55))
    assert found[State.DELIVERED].median == pytest.approx(2 * median(seconds))


def test_a_text_that_was_tried_again_has_waited_since_it_was_first_tried(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange.not_sent()
    at(monkeypatch, MORNING + HOUR)
    exchange.send()
    with exchange.runtime.db.reading() as connection:
        found = board.waits(connection, Period(exchange.operator_id, MORNING, MORNING + timedelta(minutes=1)))
    assert found[State.ACCEPTED].count == 1
    assert found[State.ACCEPTED].median == pytest.approx(3600)
    assert found[State.DELIVERED].median is None


def test_nothing_has_no_waits(exchange: Exchange) -> None:
    with exchange.runtime.db.reading() as connection:
        found = board.waits(connection, whole(exchange))
    assert [(one.count, one.median, one.p90) for one in found.values()] == [(0, None, None)] * 2


@pytest.mark.parametrize("length", [0, 1, 70, 71, 134, 135, 201, 202])
def test_parts_are_counted_as_they_are_billed(exchange: Exchange, length: int) -> None:
    body = "您" * length
    sent = exchange.send()
    exchange.change("UPDATE notices SET body = :body WHERE id = :id", body=body, id=sent.id)
    exchange.refused()
    assert sum(row.parts for row in cells(exchange)) == parts(body)


def test_what_is_held_up_names_the_provider_and_why(told: Exchange) -> None:
    with told.runtime.db.reading() as connection:
        held = board.held_up(connection, told.operator_id)
        theirs = board.held_up(connection, told.operator_id + 1)
    assert {(row.provider, row.reason, row.notices) for row in held} == {
        ("scripted", "connection refused", 1),
        ("scripted", "account refused: 20003", 1),
    }
    assert list(theirs) == []


def test_a_notice_tells_its_whole_past(exchange: Exchange) -> None:
    sent = exchange.undelivered("30005")
    exchange.call(exchange.task(sent).id, "no_answer")
    exchange.receive(sent.id, Standing.DELIVERED)
    with exchange.runtime.db.reading() as connection:
        course = course_of(connection, exchange.operator_id, sent.id)
        assert course_of(connection, exchange.operator_id + 1, sent.id) is None
    assert course is not None
    assert course.notice.state == "delivered"
    assert [one.outcome for one in course.attempts] == ["accepted"]
    assert [one.provider_state for one in course.receipts] == ["undelivered", "delivered"]
    assert [one.outcome for one in course.calls] == ["told_by_text"]
    assert course.retry is None
    assert not hasattr(course.notice, "secret")


def test_a_call_that_a_manager_asked_for_is_counted(exchange: Exchange) -> None:
    sent = exchange.send()
    tell_by_call(exchange.runtime, exchange.operator_id, "staff:wang", sent.id)
    assert ids(exchange, call=OPEN_CALL) == [sent.id]
    assert ids(exchange, kind="call") == [sent.id]
