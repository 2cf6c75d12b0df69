"""Who calls whom: claims, the order of the list, what is seen of the customer, and what is kept."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from tests.calling import DAY, HOUR, MINUTE, MORNING, Exchange, at
from tracker import clock
from tracker.audit.models import AuditEntry
from tracker.calls import queries
from tracker.calls.claim import holds, leave_call, take_call, take_next
from tracker.calls.history import Closed, by_outcome, by_person, closed_page
from tracker.calls.queries import Wanted
from tracker.calls.see_called import see_called
from tracker.notices.call_rules import LONGEST_NOTE
from tracker.notices.record_call import NOTE
from tracker.orders.actor import Actor
from tracker.problems import Refusal


def other(exchange: Exchange, name: str = "chen") -> Actor:
    return Actor(exchange.operator_id, f"staff:{name}")


def row_of(exchange: Exchange, task_id: int):
    with exchange.runtime.db.reading() as connection:
        return queries.call_row(connection, exchange.operator_id, task_id)


def listed(exchange: Exchange, **wanted) -> list[int]:
    with exchange.runtime.db.reading() as connection:
        rows, _ = queries.call_page(
            connection, exchange.operator_id, Wanted(**wanted), clock.now(), behind=None, limit=50
        )
    return [row.id for row in rows]


def rules(refused) -> list[str]:
    return [fault.rule for fault in refused.value.faults]


def test_two_at_once_and_one_of_them_calls(exchange: Exchange) -> None:
    task = exchange.task(exchange.landline())
    people = [other(exchange, f"person{number}") for number in range(8)]

    def take(who: Actor) -> bool:
        try:
            take_call(exchange.runtime, who, task.id)
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(len(people)) as pool:
        won = [who for who, did in zip(people, pool.map(take, people), strict=True) if did]
    assert len(won) == 1
    assert row_of(exchange, task.id).claimed_by == won[0].label


def test_those_who_take_the_next_one_never_get_the_same(exchange: Exchange) -> None:
    tasks = {exchange.task(exchange.landline()).id for _ in range(4)}
    people = [other(exchange, f"person{number}") for number in range(6)]
    with ThreadPoolExecutor(len(people)) as pool:
        taken = list(pool.map(lambda who: take_next(exchange.runtime, who, Wanted()), people))
    found = [one for one in taken if one is not None]
    assert len(found) == len(set(found))
    assert set(found) <= tasks
    # Whoever came at the moment at which all were looked at gets one when asking again.
    for who, got in zip(people, taken, strict=True):
        if got is None and len(found) < len(tasks):
            found.append(take_next(exchange.runtime, who, Wanted()))
    assert set(found) == tasks


def test_a_claim_ends_by_itself_and_changes_nothing(exchange: Exchange, monkeypatch) -> None:
    task = exchange.task(exchange.landline())
    take_call(exchange.runtime, exchange.actor, task.id)
    assert row_of(exchange, task.id).version == task.version
    at(monkeypatch, MORNING + 15 * MINUTE - MINUTE)
    with pytest.raises(Refusal) as refused:
        take_call(exchange.runtime, other(exchange), task.id)
    assert rules(refused) == ["call.claimed"]
    assert take_next(exchange.runtime, other(exchange), Wanted()) is None
    at(monkeypatch, MORNING + 15 * MINUTE)
    assert not holds(row_of(exchange, task.id), exchange.actor)
    assert take_next(exchange.runtime, other(exchange), Wanted()) == task.id
    assert holds(row_of(exchange, task.id), other(exchange))


def test_it_is_taken_over_and_left_again(exchange: Exchange) -> None:
    task = exchange.task(exchange.landline())
    take_call(exchange.runtime, exchange.actor, task.id)
    leave_call(exchange.runtime, other(exchange), task.id)
    assert holds(row_of(exchange, task.id), exchange.actor)
    take_call(exchange.runtime, other(exchange), task.id, take_over=True)
    assert holds(row_of(exchange, task.id), other(exchange))
    # Whoever had called already may say so all the same.
    exchange.call(task.id, "no_answer")
    assert row_of(exchange, task.id).claimed_by is None
    take_call(exchange.runtime, exchange.actor, task.id)
    leave_call(exchange.runtime, exchange.actor, task.id)
    assert row_of(exchange, task.id).claimed_until is None


@pytest.mark.parametrize("whose", ["nobodys", "another operator's", "closed"])
def test_what_cannot_be_taken(exchange: Exchange, whose: str) -> None:
    task = exchange.task(exchange.landline())
    who, wanted, rule = exchange.actor, task.id, "call.not_found"
    if whose == "nobodys":
        wanted += 1
    elif whose == "closed":
        exchange.call(task.id, "reached")
        rule = "call.closed"
    else:
        who = Actor(exchange.operator_id + 1, "staff:li")
        assert take_next(exchange.runtime, who, Wanted()) is None
    with pytest.raises(Refusal) as refused:
        take_call(exchange.runtime, who, wanted)
    assert rules(refused) == [rule]


def test_who_is_called_is_seen_by_whoever_calls_and_noted(exchange: Exchange) -> None:
    task = exchange.task(exchange.landline(customer__name="王小明"))
    with pytest.raises(Refusal) as refused:
        see_called(exchange.runtime, exchange.actor, task.id)
    assert rules(refused) == ["call.not_claimed"]
    take_call(exchange.runtime, exchange.actor, task.id)
    for _ in range(2):
        seen = see_called(exchange.runtime, exchange.actor, task.id)
        assert (seen.name, seen.phone) == ("王小明", "+867633368888")
    with pytest.raises(Refusal):
        see_called(exchange.runtime, other(exchange), task.id)
    with exchange.runtime.db.reading() as connection:
        entries = connection.execute(select(AuditEntry.__table__)).all()
    assert [(one.action, one.actor, one.subject, one.fields, one.why) for one in entries] == [
        (
            "saw",
            "staff:li",
            f"order:{task.order_id}",
            ["customer_name", "contact_phone"],
            "call made",
        )
    ]


def test_the_list_begins_with_what_has_waited_the_longest(exchange: Exchange, monkeypatch) -> None:
    old = exchange.task(exchange.landline())
    at(monkeypatch, MORNING + HOUR)
    young = exchange.task(exchange.landline())
    later = exchange.task(exchange.landline())
    exchange.call(later.id, "call_back", back=MORNING + 5 * HOUR)
    tomorrow = exchange.task(exchange.landline())
    exchange.call(tomorrow.id, "call_back", back=MORNING + DAY)
    assert listed(exchange) == [old.id, young.id, later.id, tomorrow.id]
    now = MORNING + 4 * HOUR + MINUTE
    at(monkeypatch, now)
    assert listed(exchange, overdue=True) == [old.id]
    with exchange.runtime.db.reading() as connection:
        counted = queries.counts(connection, exchange.operator_id, now)
    assert dict(counted) == {"due": 2, "overdue": 1, "today": 1, "later": 1}
    assert [queries.when_of(row_of(exchange, one.id), now) for one in (old, later, tomorrow)] == [
        "due",
        "today",
        "later",
    ]
    assert take_next(exchange.runtime, exchange.actor, Wanted()) == old.id


def test_pages_of_the_list_leave_nobody_out(exchange: Exchange) -> None:
    tasks = [exchange.task(exchange.landline()).id for _ in range(7)]
    found, behind = [], None
    while True:
        with exchange.runtime.db.reading() as connection:
            rows, behind = queries.call_page(
                connection, exchange.operator_id, Wanted(), clock.now(), behind=behind, limit=3
            )
        found += [row.id for row in rows]
        if behind is None:
            break
    assert found == tasks


def test_the_list_is_narrowed(exchange: Exchange) -> None:
    here = exchange.task(exchange.landline(address__community_code="441802006001"))
    there = exchange.task(exchange.refused(address__community_code="441881001001"))
    assert listed(exchange, area="441802") == [here.id]
    assert listed(exchange, area="441802006") == [here.id]
    assert listed(exchange, area="441802007") == []
    assert listed(exchange, reason="refused") == [there.id]
    assert listed(exchange, template="order_accepted") == [here.id, there.id]
    assert listed(exchange, template="dispatched") == []
    assert take_next(exchange.runtime, exchange.actor, Wanted(reason="refused")) == there.id


def test_a_note_is_sealed_and_has_its_length(exchange: Exchange) -> None:
    task = exchange.task(exchange.landline())
    with pytest.raises(Refusal) as refused:
        exchange.call(task.id, "no_answer", note="字" * (LONGEST_NOTE + 1))
    assert [(fault.rule, fault.pointer) for fault in refused.value.faults] == [("field.too_long", "/note")]
    exchange.call(task.id, "no_answer", note="周六在家")
    exchange.call(task.id, "reached")
    with exchange.runtime.db.reading() as connection:
        latest, first = queries.attempts_of(connection, task.id)
    assert latest.note is None
    assert "周六".encode() not in bytes(first.note)
    assert exchange.runtime.keys.open(bytes(first.note), NOTE) == "周六在家"


def test_the_past_counts_what_was_closed_and_who_called(exchange: Exchange, monkeypatch) -> None:
    tasks = [exchange.task(exchange.landline()).id for _ in range(4)]
    exchange.call(tasks[0], "reached")
    exchange.call(tasks[1], "no_answer")
    exchange.actor = other(exchange)
    at(monkeypatch, MORNING + HOUR)
    exchange.call(tasks[1], "wrong_number")
    exchange.call(tasks[2], "reached")
    which = Closed(exchange.operator_id, MORNING, MORNING + DAY)
    with exchange.runtime.db.reading() as connection:
        assert dict(by_outcome(connection, which)) == {"reached": 2, "wrong_number": 1}
        people = [tuple(row) for row in by_person(connection, which)]
        rows, more = closed_page(connection, which, before=None, limit=2)
        rest, end = closed_page(connection, which, before=more, limit=2)
        only, _ = closed_page(
            connection, Closed(which.operator_id, which.begin, which.end, "reached"), before=None, limit=9
        )
        before, _ = closed_page(
            connection, Closed(which.operator_id, MORNING - DAY, MORNING), before=None, limit=9
        )
        theirs, _ = closed_page(
            connection, Closed(which.operator_id + 1, which.begin, which.end), before=None, limit=9
        )
    assert people == [("staff:chen", 2, 1), ("staff:li", 2, 1)]
    assert [row.id for row in (*rows, *rest)] == [tasks[2], tasks[1], tasks[0]]
    assert end is None
    assert [row.actor for row in (*rows, *rest)] == ["staff:chen", "staff:chen", "staff:li"]
    assert [row.id for row in only] == [tasks[2], tasks[0]]
    assert (list(before), list(theirs)) == ([], [])


def test_an_order_knows_its_open_calls(exchange: Exchange) -> None:
    notice = exchange.landline()
    task = exchange.task(notice)
    exchange.landline()

    def open_calls(operator_id: int) -> list[int]:
        with exchange.runtime.db.reading() as connection:
            found = queries.open_calls_of(connection, operator_id, notice.order_id)
        return [one.id for one in found]

    assert open_calls(exchange.operator_id) == [task.id]
    assert open_calls(exchange.operator_id + 1) == []
    exchange.call(task.id, "reached")
    assert open_calls(exchange.operator_id) == []
