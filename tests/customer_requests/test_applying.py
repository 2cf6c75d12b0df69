"""What a customer asks for happens through the use cases of everybody else, at once or after ten minutes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta

import pytest
import structlog
from sqlalchemy import text

from tests.customer_requests.conftest import rules_of, texts
from tracker import clock
from tracker.crypto import KeyRing
from tracker.customer_requests import apply_requests as applying
from tracker.customer_requests.apply_requests import apply_requests
from tracker.customer_requests.handlers import HANDLERS, Handler
from tracker.customer_requests.rules import HOLD_DAYS, MOST_ACTIONS, MOST_FAILURES, UNDO_WITHIN, Kind, State
from tracker.notices.deliver import deliver
from tracker.orders.actor import Actor
from tracker.orders.lift_hold import lift_hold
from tracker.promises.queries import read_ledgers
from tracker.queueing import STOPPING

pytestmark = pytest.mark.usefixtures("noon")

HOLD = {"reason_code": "not_decorated", "until": "2026-12-01"}
GONE = {"reason_code": "no_longer_wanted"}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def take_back(applied):
    def make(order, request: int, **changes):
        return applied(order, Kind.UNDO, {"request": request}, **changes)

    return make


def stage(runtime, order) -> str:
    with runtime.db.reading() as connection:
        return connection.scalar(text("SELECT stage FROM orders WHERE id = :id"), {"id": order.id})


def ledger(runtime, order):
    with runtime.db.reading() as connection:
        return read_ledgers(connection, [order.id])[order.id]


def actors(runtime) -> list[str]:
    with runtime.db.reading() as connection:
        return list(connection.scalars(text("SELECT actor FROM order_events ORDER BY id")))[1:]


# Holds


def test_a_hold_runs_to_the_end_of_its_last_day(runtime, order, applied, noon) -> None:
    before = ledger(runtime, order).current.deadline
    asked = applied(order, Kind.HOLD, HOLD)
    (entry,) = ledger(runtime, order).entries
    assert entry.starts_at == clock.now()
    assert entry.ends_at == datetime(2026, 12, 2, tzinfo=clock.CITY_ZONE)
    now = ledger(runtime, order).current.deadline
    assert now > before + timedelta(days=7)
    assert asked.state is State.DONE
    assert asked.applied_at == clock.now()
    assert asked.undo_until == asked.asked_at + UNDO_WITHIN
    assert dict(asked.payload) == HOLD
    assert asked.outcome["until"] == "2026-12-01"
    assert datetime.fromisoformat(asked.outcome["deadline"]) == now
    assert actors(runtime) == [f"customer:{asked.id}"]
    assert [(template, "12月1日" in body) for template, _, body in texts(runtime)] == [("on_hold", True)]


def test_a_hold_is_undone_once_and_both_are_told(runtime, order, applied, take_back, look, noon) -> None:
    before = ledger(runtime, order).current.deadline
    held = applied(order, Kind.HOLD, HOLD)
    deliver(runtime, "progress")
    noon.shift(9 * MINUTE)
    undone = take_back(order, held.id)
    assert (undone.state, dict(undone.outcome)) == (State.DONE, {"request": held.id})
    assert look(held.id).state is State.UNDONE
    assert not look(held.id).can_be_undone(clock.now())
    # The clock stood still for nine minutes.
    assert ledger(runtime, order).current.deadline - before <= 9 * MINUTE
    assert [template for template, _, _ in texts(runtime)] == ["on_hold", "resumed"]
    assert rules_of(take_back(order, held.id)) == ["undo.already"]
    assert actors(runtime) == [f"customer:{held.id}", f"customer:{undone.id}"]


def test_of_a_hold_undone_before_its_text_left_nobody_is_told(runtime, order, applied, take_back) -> None:
    held = applied(order, Kind.HOLD, HOLD | {"until": str(clock.today() + timedelta(days=7))})
    assert take_back(order, held.id).state is State.DONE
    assert [(template, state) for template, state, _ in texts(runtime)] == [
        ("on_hold", "cancelled"),
        ("resumed", "cancelled"),
    ]


def test_a_hold_that_staff_have_lifted_cannot_be_undone(runtime, order, applied, take_back, look) -> None:
    held = applied(order, Kind.HOLD, HOLD | {"until": str(clock.today() + timedelta(days=7))})
    staff = Actor(order.operator_id, "staff:tester")
    lift_hold(runtime, staff, order.number, 1, {"reason_text": None, "resumes_at": None})
    assert rules_of(take_back(order, held.id)) == ["hold.not_held"]
    assert look(held.id).state is State.DONE


@pytest.mark.parametrize(
    ("days", "is_open"), [(-1, False), (0, True), (HOLD_DAYS - 1, True), (HOLD_DAYS, False), (4000, False)]
)
def test_the_last_day_lies_between_today_and_half_a_year(order, applied, noon, days, is_open) -> None:
    until = date(2026, 11, 24) + timedelta(days=days)
    asked = applied(order, Kind.HOLD, HOLD | {"until": str(until)})
    assert asked.state is (State.DONE if is_open else State.REFUSED)
    if not is_open:
        (fault,) = asked.faults
        assert (fault.rule, fault.pointer) == ("field.range", "/until")
        assert fault.params == {"low": "2026-11-24", "high": "2027-05-22"}


def test_days_are_the_citys(order, applied, noon) -> None:
    """At 00:30 in Qingyuan it is still yesterday in UTC."""
    noon.move_to(datetime.combine(date(2026, 11, 25), time(0, 30), clock.CITY_ZONE))
    assert rules_of(applied(order, Kind.HOLD, HOLD | {"until": "2026-11-24"})) == ["field.range"]
    assert applied(order, Kind.HOLD, HOLD | {"until": "2026-11-25"}).state is State.DONE


def test_an_order_that_is_done_takes_no_hold(order, applied, move) -> None:
    move(order, "withdrawn")
    asked = applied(order, Kind.HOLD, HOLD | {"until": str(clock.today())})
    assert rules_of(asked) == ["promise.order_done"]


# Withdrawals


def test_a_withdrawal_waits_ten_minutes(runtime, order, applied, look, noon) -> None:
    asked = applied(order, Kind.WITHDRAWAL, GONE)
    assert asked.state is State.WAITING
    assert asked.due_at == asked.undo_until == asked.asked_at + UNDO_WITHIN
    assert asked.applied_at is None
    noon.shift(UNDO_WITHIN - timedelta(seconds=1))
    assert apply_requests(runtime) == 0
    assert (stage(runtime, order), texts(runtime)) == ("accepted", [])
    noon.shift(timedelta(seconds=1))
    assert apply_requests(runtime) == 1
    done = look(asked.id)
    assert (done.state, done.applied_at, done.due_at) == (State.DONE, clock.now(), None)
    assert stage(runtime, order) == "withdrawn"
    assert [template for template, _, _ in texts(runtime)] == ["withdrawn"]
    assert actors(runtime) == [f"customer:{asked.id}"]
    with runtime.db.reading() as connection:
        reason = connection.scalar(text("SELECT reason_code FROM order_events ORDER BY id DESC LIMIT 1"))
    assert reason == "no_longer_wanted"
    assert apply_requests(runtime) == 0


def test_a_withdrawal_is_taken_back_before_it_happens(runtime, order, applied, take_back, look, noon) -> None:
    asked = applied(order, Kind.WITHDRAWAL, GONE)
    noon.shift(UNDO_WITHIN - timedelta(seconds=1))
    assert take_back(order, asked.id).state is State.DONE
    noon.shift(timedelta(days=1))
    apply_requests(runtime)
    assert look(asked.id).state is State.UNDONE
    assert (stage(runtime, order), texts(runtime)) == ("accepted", [])


def test_after_ten_minutes_it_is_too_late(runtime, order, applied, take_back, noon) -> None:
    asked = applied(order, Kind.WITHDRAWAL, GONE)
    noon.shift(UNDO_WITHIN)
    refused = take_back(order, asked.id)
    assert rules_of(refused) == ["undo.too_late"]
    assert "10 分钟" in refused.faults[0].words("zh")
    assert stage(runtime, order) == "withdrawn"


def test_who_took_it_back_in_time_is_heard_however_late_the_worker_comes(
    runtime, order, asks, look, noon
) -> None:
    withdrawal = asks(order, Kind.WITHDRAWAL, GONE)
    noon.shift(9 * MINUTE)
    undo = asks(order, Kind.UNDO, {"request": withdrawal})
    noon.shift(60 * MINUTE)
    apply_requests(runtime)
    assert (look(withdrawal).state, look(undo).state) == (State.UNDONE, State.DONE)
    apply_requests(runtime)
    assert stage(runtime, order) == "accepted"


def test_the_same_where_it_waits_and_the_worker_missed_its_time(
    runtime, order, applied, asks, look, noon
) -> None:
    withdrawal = applied(order, Kind.WITHDRAWAL, GONE).id
    noon.shift(9 * MINUTE)
    undo = asks(order, Kind.UNDO, {"request": withdrawal})
    noon.shift(60 * MINUTE)
    apply_requests(runtime)
    assert (look(withdrawal).state, look(undo).state) == (State.UNDONE, State.DONE)
    assert stage(runtime, order) == "accepted"


def test_it_can_be_asked_for_again_after_it_was_taken_back_but_not_twice(
    order, applied, take_back, noon
) -> None:
    first = applied(order, Kind.WITHDRAWAL, GONE)
    again = applied(order, Kind.WITHDRAWAL, GONE)
    assert rules_of(again) == ["withdrawal.asked_already"]
    assert again.faults[0].params == {"at": "12:10"}
    take_back(order, first.id)
    assert applied(order, Kind.WITHDRAWAL, GONE).state is State.WAITING


def test_who_has_the_installer_in_the_house_calls(order, applied, move) -> None:
    move(order, "verified", "resource_checked", "dispatched", "appointed", "on_site")
    assert rules_of(applied(order, Kind.WITHDRAWAL, GONE)) == ["withdrawal.not_now"]


@pytest.mark.parametrize(
    ("stages", "why"),
    [
        (("on_site",), "装维人员已上门施工"),
        (("on_site", "activated"), "宽带已装通"),
        (("returned",), "订单已退单"),
    ],
)
def test_whose_order_went_on_in_the_ten_minutes_is_told_so(
    runtime, order, applied, look, move, noon, stages, why
) -> None:
    move(order, "verified", "resource_checked", "dispatched", "appointed")
    asked = applied(order, Kind.WITHDRAWAL, GONE)
    move(order, *stages)
    noon.shift(UNDO_WITHIN)
    apply_requests(runtime)
    refused = look(asked.id)
    assert (refused.state, rules_of(refused)) == (State.REFUSED, ["withdrawal.not_now"])
    assert stage(runtime, order) == stages[-1]
    template, _, body = texts(runtime)[-1]
    assert template == "request_refused"
    assert body == f"抱歉，订单{order.number}未能按您的申请撤销：{why}。需要帮助请拨10000。【清远电信】"


def test_what_staff_have_withdrawn_meanwhile_is_as_the_customer_wished(
    runtime, order, applied, look, move, noon
) -> None:
    asked = applied(order, Kind.WITHDRAWAL, GONE)
    move(order, "withdrawn")
    noon.shift(UNDO_WITHIN)
    apply_requests(runtime)
    assert look(asked.id).state is State.DONE
    assert [template for template, _, _ in texts(runtime)] == ["withdrawn"]


# Undoing


@pytest.mark.parametrize("kind", [Kind.CODE, Kind.UNDO])
def test_only_what_has_a_counter_action_can_be_undone(order, applied, take_back, kind) -> None:
    done = applied(order, kind, {"request": 1} if kind is Kind.UNDO else {})
    assert rules_of(take_back(order, done.id)) == ["undo.unknown"]


def test_what_was_refused_need_not_be_undone(order, applied, take_back) -> None:
    refused = applied(order, Kind.HOLD, HOLD | {"until": "2020-01-01"})
    assert rules_of(take_back(order, refused.id)) == ["undo.nothing"]


def test_nobody_undoes_what_was_asked_for_another_order(
    order, place, row_of, applied, take_back, look
) -> None:
    held = applied(order, Kind.HOLD, HOLD | {"until": str(clock.today())})
    other = row_of(place(customer__phone="13900005678").number)
    assert rules_of(take_back(other, held.id)) == ["undo.unknown"]
    assert rules_of(take_back(other, 10**18)) == ["undo.unknown"]
    assert look(held.id).state is State.DONE


def test_twenty_undoings_at_once_undo_once(runtime, order, applied, asks, look) -> None:
    held = applied(order, Kind.HOLD, HOLD | {"until": str(clock.today())})
    undoings = [asks(order, Kind.UNDO, {"request": held.id}) for _ in range(20)]
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _: apply_requests(runtime), range(4)))
    states = [look(undoing).state for undoing in undoings]
    assert states.count(State.DONE) == 1
    assert states.count(State.REFUSED) == 19
    assert [entry.kind for entry in ledger(runtime, order).entries] == ["hold", "resume"]


# Walls


def test_without_a_session_nothing_is_done(runtime, order, applied) -> None:
    payloads = {Kind.HOLD: HOLD, Kind.WITHDRAWAL: GONE, Kind.UNDO: {"request": 1}}
    for kind in (one for one in Kind if one not in (Kind.CODE, Kind.LOST_NUMBER)):
        for digest in (None, b"", bytes(32)):
            asked = applied(order, kind, payloads.get(kind, {}), session_digest=digest)
            assert rules_of(asked) == ["session.over"], kind
    assert actors(runtime) == []


def test_a_session_of_another_order_is_none(order, place, row_of, applied, sign_in) -> None:
    other = row_of(place(customer__phone="13900005678").number)
    asked = applied(order, Kind.HOLD, HOLD, session_digest=sign_in(other))
    assert rules_of(asked) == ["session.over"]


def test_a_session_counts_at_the_moment_of_asking(runtime, order, applied, sign_in, asks, look, noon) -> None:
    session = sign_in(order)
    noon.shift(30 * MINUTE)
    assert rules_of(applied(order, Kind.HOLD, HOLD, session_digest=session)) == ["session.over"]
    in_time = asks(order, Kind.HOLD, HOLD, session_digest=session, now=clock.now() - MINUTE)
    noon.shift(60 * MINUTE)
    apply_requests(runtime)
    assert look(in_time).state is State.DONE
    before = applied(order, Kind.HOLD, HOLD, session_digest=session, now=clock.now() - timedelta(hours=3))
    assert rules_of(before) == ["session.over"]


def test_the_order_must_be_the_operators(runtime, order, applied) -> None:
    other = next(one for one in runtime.reference.current().operators if one != order.operator_id)
    for kind in (Kind.CODE, Kind.HOLD):
        asked = applied(order, kind, HOLD if kind is Kind.HOLD else {}, operator_id=other)
        assert rules_of(asked) == ["order.not_found"]
    assert texts(runtime) == []


@pytest.mark.parametrize(
    ("kind", "payload", "pointers"),
    [
        (Kind.CODE, {"code": "123456"}, ["/code"]),
        (Kind.HOLD, {}, ["/reason_code", "/until"]),
        (Kind.HOLD, {**HOLD, "evidence": "x"}, ["/evidence"]),
        (Kind.HOLD, {**HOLD, "reason_code": "weather"}, ["/reason_code"]),
        (Kind.HOLD, {**HOLD, "reason_code": "other"}, ["/reason_code"]),
        (Kind.HOLD, {**HOLD, "reason_code": ["undecided"]}, ["/reason_code"]),
        (Kind.HOLD, {**HOLD, "until": "tomorrow"}, ["/until"]),
        (Kind.HOLD, {**HOLD, "until": 20261201}, ["/until"]),
        (Kind.HOLD, {**HOLD, "until": None}, ["/until"]),
        (Kind.WITHDRAWAL, {"reason_code": "line_missing"}, ["/reason_code"]),
        (Kind.WITHDRAWAL, {"stage": "completed", **GONE}, ["/stage"]),
        (Kind.APPOINTMENT, {"slot": 0}, ["/slot"]),
        (Kind.APPOINTMENT, {"slot": "1"}, ["/slot"]),
        (Kind.APPOINTMENT, {"slot": 2**63}, ["/slot"]),
        (Kind.COMPLAINT, {"topic": "late", "text": 5}, ["/text"]),
        (Kind.COMPLAINT, {"topic": "late"}, ["/text"]),
        (Kind.RATING, {"score": 6}, ["/score"]),
        (Kind.RATING, {"score": True}, ["/score"]),
        (Kind.RATING, {"score": 5, "comment": ["x"]}, ["/comment"]),
        (Kind.UNDO, {"request": "1"}, ["/request"]),
        (Kind.UNDO, {"request": -1}, ["/request"]),
        (Kind.UNDO, {"request": 1.5}, ["/request"]),
    ],
)
def test_every_field_is_checked_again(runtime, order, applied, kind, payload, pointers) -> None:
    asked = applied(order, kind, payload)
    assert asked.state is State.REFUSED
    assert [fault.pointer for fault in asked.faults] == pointers
    assert all(fault.words("zh") and fault.words("en") for fault in asked.faults)
    assert actors(runtime) == []


@pytest.mark.parametrize("payload", ["[]", "[[1]]", '"x"', "5", "null"])
def test_what_is_no_object_is_refused_too(runtime, order, site, sign_in, look, payload) -> None:
    with site.at_once() as connection:
        request = connection.scalar(
            text(
                "INSERT INTO customer_requests"
                " (kind, operator_id, order_id, session_digest, payload, asked_at)"
                " VALUES ('hold', :operator, :order, :session, cast(:payload AS jsonb), :now) RETURNING id"
            ),
            {
                "operator": order.operator_id,
                "order": order.id,
                "session": sign_in(order),
                "payload": payload,
                "now": clock.now(),
            },
        )
    apply_requests(runtime)
    assert (look(request).state, dict(look(request).payload)) == (State.REFUSED, {})


def test_a_payload_is_no_warehouse(order, asks) -> None:
    with pytest.raises(Exception, match="ck_customer_requests_payload"):
        asks(order, Kind.COMPLAINT, {"topic": "late", "text": "长" * 3000})


def test_what_somebody_wrote_does_not_outlive_its_request(order, applied) -> None:
    asked = applied(order, Kind.COMPLAINT, {"topic": "late", "text": "张三 13800001234", "more": "张三"})
    assert dict(asked.payload) == {"topic": "late"}
    asked = applied(order, Kind.RATING, {"score": 9, "comment": "张三 13800001234"})
    assert dict(asked.payload) == {"score": 9}


def test_twenty_a_day_and_then_only_undoing(runtime, order, asks, applied, take_back, sign_in, noon) -> None:
    session = sign_in(order)
    held = [applied(order, Kind.HOLD, HOLD, session_digest=session).id for _ in range(MOST_ACTIONS)]
    more = applied(order, Kind.HOLD, HOLD, session_digest=session)
    assert rules_of(more) == ["action.too_many"]
    assert more.faults[0].params == {"most": MOST_ACTIONS}
    assert take_back(order, held[-1], session_digest=session).state is State.DONE
    noon.shift(timedelta(days=1))
    assert applied(order, Kind.HOLD, HOLD).state is State.DONE


# Errors of ours


@pytest.fixture
def broken(monkeypatch):
    """A handler of holds that fails as long as it is told to, after it has written something."""
    real = HANDLERS[Kind.HOLD]
    failing = [True]

    def fail(connection, runtime, request, now):
        result = real.apply(connection, runtime, request, now)
        if failing[0]:
            raise RuntimeError("张三 13800001234")
        return result

    monkeypatch.setitem(HANDLERS, Kind.HOLD, Handler(real.payload, fail))
    return failing


def test_an_error_holds_up_nobody_else_and_is_tried_again(
    runtime, order, asks, look, place, row_of, broken, noon
) -> None:
    held = asks(order, Kind.HOLD, HOLD)
    other = asks(row_of(place(customer__phone="13900005678").number), Kind.WITHDRAWAL, GONE)
    with structlog.testing.capture_logs() as lines:
        apply_requests(runtime)
    assert (look(held).state, look(other).state) == (State.ASKED, State.WAITING)
    # Nothing of it was stored, and the log names the place and not the words.
    assert texts(runtime) == []
    assert not any(actor.startswith("customer:") for actor in actors(runtime))
    (line,) = (line for line in lines if line["event"] == "request_failed")
    assert line["error"] == "RuntimeError"
    assert "张三" not in str(lines)
    broken[0] = False
    assert apply_requests(runtime) == 0
    noon.shift(timedelta(seconds=5))
    assert apply_requests(runtime) == 1
    assert look(held).state is State.DONE


def test_what_fails_again_and_again_is_given_up_aloud(runtime, order, asks, look, broken, noon) -> None:
    held = asks(order, Kind.HOLD, HOLD)
    with structlog.testing.capture_logs() as lines:
        for _ in range(MOST_FAILURES):
            assert apply_requests(runtime) == 1
            noon.shift(2 * MINUTE)
    assert (look(held).state, rules_of(look(held))) == (State.REFUSED, ["request.failed"])
    assert [line["log_level"] for line in lines if line["event"] == "request_given_up"] == ["error"]
    assert apply_requests(runtime) == 0


def test_a_request_that_failed_so_far_can_be_undone(runtime, order, asks, look, broken, take_back) -> None:
    held = asks(order, Kind.HOLD, HOLD)
    apply_requests(runtime)
    assert take_back(order, held).state is State.DONE
    assert look(held).state is State.UNDONE


def test_a_withdrawal_that_cannot_even_be_told_of_does_not_block_the_queue(
    runtime, order, applied, look, noon
) -> None:
    asked = applied(order, Kind.WITHDRAWAL, GONE)
    unreadable = KeyRing(runtime.keys.active, {runtime.keys.active: bytes(32)}, runtime.keys.digest)
    object.__setattr__(runtime.keys, "_ciphers", unreadable._ciphers)
    noon.shift(UNDO_WITHIN)
    with structlog.testing.capture_logs() as lines:
        for _ in range(MOST_FAILURES):
            apply_requests(runtime)
            noon.shift(2 * MINUTE)
    assert rules_of(look(asked.id)) == ["request.failed"]
    assert "customer_not_told" in [line["event"] for line in lines]
    assert stage(runtime, order) == "accepted"


# The queue


def test_several_workers_share_the_work_and_double_nothing(runtime, place, row_of, asks, look) -> None:
    orders = [row_of(place(customer__phone=f"139000056{n:02}").number) for n in range(24)]
    until = str(clock.today() + timedelta(days=3))
    requests = [asks(order, Kind.HOLD, HOLD | {"until": until}) for order in orders]
    with ThreadPoolExecutor(4) as workers:
        looked_at = sum(workers.map(lambda _: apply_requests(runtime), range(4)))
    assert looked_at == 24
    assert {look(request).state for request in requests} == {State.DONE}
    assert sorted(actors_of_holds(runtime)) == sorted(f"customer:{request}" for request in requests)


def actors_of_holds(runtime) -> list[str]:
    with runtime.db.reading() as connection:
        return list(connection.scalars(text("SELECT actor FROM promise_entries")))


def test_a_worker_that_is_told_to_stop_leaves_the_rest(runtime, order, asks, look) -> None:
    request = asks(order, Kind.CODE)
    STOPPING.set()
    try:
        assert apply_requests(runtime) == 0
    finally:
        STOPPING.clear()
    assert look(request).is_open


def test_a_long_round_ends_and_rings_for_the_next(runtime, order, asks, look, monkeypatch) -> None:
    request = asks(order, Kind.CODE)
    rung = []
    monkeypatch.setattr(applying, "_LONGEST", -1.0)
    monkeypatch.setattr(applying, "ring", rung.append)
    assert apply_requests(runtime) == 0
    assert rung == [runtime.bell]
    assert look(request).is_open


def test_every_kind_has_somebody_who_sees_to_it() -> None:
    assert set(HANDLERS) == set(Kind)
