"""Codes and lost numbers: who is texted what, how often, and that a code lies nowhere in clear."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.pool import NullPool

from tests.conftest import order_json
from tests.customer_requests.conftest import rules_of, texts
from tests.doubles import use_gateway
from tests.notices.scripted import Scripted
from tracker import clock
from tracker.customer_requests import send_code as sending_code
from tracker.customer_requests.apply_requests import apply_requests
from tracker.customer_requests.asking import Verdict, ask, open_session, session_of
from tracker.customer_requests.keep_requests import keep_requests
from tracker.customer_requests.rules import CODE_VALID, CODES_KEPT, SESSION_VALID, Kind, State
from tracker.notices.deliver import deliver
from tracker.notices.models import Notice
from tracker.notices.sweep import sweep
from tracker.orders.place_orders import place_order
from tracker.orders.schemas import OrderRequestSchema
from tracker.sms.port import SECRET_SHOWN, Accepted, Found, NotSent, Refused, Scope, Unknown
from tracker.sms.queries import recent


@pytest.fixture
def phone(runtime) -> Scripted:
    """What the customers' phones get."""
    made = Scripted()
    use_gateway(runtime, made)
    return made


def code_in(body: str) -> str:
    found = re.search(r"验证码(\d{6})，", body)
    assert found is not None, body
    return found[1]


def deliver_codes(runtime, phone) -> list[str]:
    phone.sent.clear()
    deliver(runtime, "urgent")
    return [code_in(sms.body) for sms in phone.sent]


@pytest.fixture
def lost(runtime, site):
    """Asks for the numbers of a phone, as the site does for anybody."""

    def make(number: str = "+8613800001234", payload=None) -> int:
        digest = runtime.keys.digest_of("orders.phone", number).hex()
        payload = {"phone_digest": digest} if payload is None else payload
        whose = {"operator_id": None, "order_id": None, "session_digest": None}
        return ask(site, Kind.LOST_NUMBER, payload=payload, now=clock.now(), **whose)

    return make


def notice(runtime):
    with runtime.db.reading() as connection:
        return connection.execute(
            select(Notice.__table__).where(Notice.template == "one_time_code").order_by(Notice.id.desc())
        ).first()


def test_the_code_that_arrives_opens_a_session(runtime, site, order, applied, phone) -> None:
    asked = applied(order, Kind.CODE)
    assert (asked.state, asked.faults, dict(asked.outcome), asked.undo_until) == (State.DONE, (), {}, None)
    (code,) = deliver_codes(runtime, phone)
    (sms,) = phone.sent
    assert sms.to == "+8613800001234"
    assert sms.body == f"验证码{code}，用于查询宽带进度，10分钟内有效，请勿告知他人。【清远电信】"
    now = clock.now()
    verdict, token = open_session(site, runtime.keys, order.id, order.number, code, now)
    assert verdict is Verdict.OPENED
    with site.reading() as connection:
        opened = session_of(connection, runtime.keys, token, now)
    assert opened.shown == {
        "name": "张*",
        "address": "清城区凤城街道***",
        "phone": "138****1234",
        "areas": ["441802006", "441802"],
    }


def test_a_provider_of_templates_gets_the_code_as_its_parameter(runtime, order, applied, phone) -> None:
    phone.by_template = True
    applied(order, Kind.CODE)
    (code,) = deliver_codes(runtime, phone)
    assert dict(phone.sent[0].params) == {"code": code, "signature": "清远电信"}


def test_the_code_lies_nowhere_in_clear(runtime, stores, order, applied, monkeypatch, capfd) -> None:
    """Neither in any column of any table, the demonstration's own provider included, nor in any log line."""
    code = next(f"{n:06}" for n in range(271828, 999999) if not found_in_database(stores, f"{n:06}"))
    monkeypatch.setattr(sending_code.secrets, "randbelow", lambda most: int(code))
    with structlog.testing.capture_logs() as lines:
        applied(order, Kind.CODE)
        assert found_in_database(stores, code) == []
        deliver(runtime, "urgent")
        assert found_in_database(stores, code) == []
        sweep(runtime)
    with runtime.db.reading() as connection:
        assert code_in(recent(connection, runtime.keys, 1)[0].body) == code
    assert code not in json.dumps(lines, default=str)
    assert code not in "".join(capfd.readouterr())


def found_in_database(stores, code: str) -> list[str]:
    """Each table and column that holds the code, in whatever form a column can hold it."""
    engine = create_engine(stores.owner_url, poolclass=NullPool)
    found = []
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings():
                found += [f"{table}.{name}" for name, value in row.items() if holds(value, code)]
    engine.dispose()
    return found


def holds(value, code: str) -> bool:
    if isinstance(value, bytes | memoryview):
        return code.encode() in bytes(value)
    if isinstance(value, dict | list):
        return code in json.dumps(value, default=str, ensure_ascii=False)
    return value is not None and code in str(value)


def test_a_notice_keeps_its_code_sealed_only_while_it_is_under_way(runtime, order, applied, phone) -> None:
    applied(order, Kind.CODE)
    planned = notice(runtime)
    assert planned.params["code"] == SECRET_SHOWN
    assert SECRET_SHOWN in planned.body
    assert planned.secret is not None
    phone.answer = lambda sms: Unknown("timeout")
    (code,) = deliver_codes(runtime, phone)
    # Until somebody has found it at the provider, by what it said.
    assert runtime.keys.open(bytes(notice(runtime).secret), "notices.secret") == code
    with runtime.db.transaction() as connection:
        connection.execute(
            text("UPDATE notices SET next_at = now() - interval '1 s' WHERE state = 'unknown'")
        )
    phone.finding = Found("ref", "sent")
    sweep(runtime)
    settled = notice(runtime)
    assert (settled.state, settled.secret, settled.ask_at) == ("accepted", None, None)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (lambda sms: Accepted("ref"), "accepted"),
        (lambda sms: Refused(Scope.NUMBER, "21211"), "call"),
    ],
)
def test_a_notice_that_came_to_an_end_has_forgotten_its_code(
    runtime, order, applied, phone, answer, state
) -> None:
    phone.answer = answer
    applied(order, Kind.CODE)
    deliver_codes(runtime, phone)
    ended = notice(runtime)
    assert (ended.state, ended.secret) == (state, None)
    with runtime.db.reading() as connection:
        # Nobody reads codes out.
        assert connection.scalar(text("SELECT count(*) FROM call_tasks")) == 0


def test_a_code_that_could_not_be_sent_in_time_is_not_sent(runtime, order, applied, phone, noon) -> None:
    phone.answer = lambda sms: NotSent("provider away")
    applied(order, Kind.CODE)
    assert len(deliver_codes(runtime, phone)) == 1
    phone.answer = lambda sms: Accepted("ref")
    noon.shift(CODE_VALID)
    assert deliver_codes(runtime, phone) == []
    assert sweep(runtime)["cancelled"] == 1
    late = notice(runtime)
    assert (late.state, late.secret) == ("cancelled", None)
    assert deliver_codes(runtime, phone) == []


def test_a_code_is_tried_again_while_it_is_good(runtime, order, applied, phone, noon) -> None:
    phone.answer = lambda sms: NotSent("provider away")
    applied(order, Kind.CODE)
    (first,) = deliver_codes(runtime, phone)
    phone.answer = lambda sms: Accepted("ref")
    noon.shift(timedelta(minutes=5))
    assert deliver_codes(runtime, phone) == [first]


def test_another_code_takes_the_place_of_one_that_was_not_sent(
    runtime, site, order, applied, phone, noon
) -> None:
    applied(order, Kind.CODE)
    noon.shift(timedelta(minutes=2))
    applied(order, Kind.CODE)
    assert [state for _, state, _ in texts(runtime)] == ["cancelled", "created"]
    (code,) = deliver_codes(runtime, phone)
    now = clock.now()
    assert open_session(site, runtime.keys, order.id, order.number, code, now)[0] is Verdict.OPENED


def test_once_a_minute_five_an_hour_ten_a_day(runtime, order, applied, noon) -> None:
    """Each column: minutes after 12:00, and when it may be asked for again, where it is refused."""
    course = [
        (0, None), (0.5, "12:01"), (1, None), (2, None), (3, None), (4, None), (5, "13:00"), (59, "13:00"),
        (60, None), (60.5, "13:01"), (61, None), (62, None), (63, None), (64, None), (130, "11-25 12:00"),
        (1439, "12:00"), (1440, None),
    ]  # fmt: skip
    at = 0.0
    for minutes, again_at in course:
        noon.shift(timedelta(minutes=minutes - at))
        at = minutes
        asked = applied(order, Kind.CODE)
        if again_at is None:
            assert asked.state is State.DONE, minutes
        else:
            assert rules_of(asked) == ["code.too_often"], minutes
            assert asked.faults[0].params == {"at": again_at}, minutes
            assert again_at in asked.faults[0].words("zh")


def test_two_orders_of_one_phone_share_its_limit(runtime, order, place, applied, row_of) -> None:
    number = place().number
    other = row_of(number)
    assert applied(order, Kind.CODE).state is State.DONE
    assert rules_of(applied(other, Kind.CODE)) == ["code.too_often"]


def test_codes_asked_for_at_the_same_moment_are_counted(runtime, order, asks, look) -> None:
    requests = [asks(order, Kind.CODE) for _ in range(12)]
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _: apply_requests(runtime), range(4)))
    assert [look(request).state for request in requests].count(State.DONE) == 1


def test_a_landline_is_told_to_call(runtime, place, applied, row_of) -> None:
    number = place(customer__phone="0763-3366123").number
    asked = applied(row_of(number), Kind.CODE)
    assert rules_of(asked) == ["code.no_texts"]
    assert "10000" in asked.faults[0].words("zh")
    assert "10000" in asked.faults[0].words("en")
    assert texts(runtime) == []


def test_whoever_wants_calls_gets_the_code_that_they_asked_for(
    runtime, place, applied, row_of, phone
) -> None:
    number = place(notify_by="call").number
    assert applied(row_of(number), Kind.CODE).state is State.DONE
    assert len(deliver_codes(runtime, phone)) == 1


def test_a_lost_number_is_texted_to_its_phone(runtime, place, lost, look, phone, order) -> None:
    newer = place().number
    place(customer__phone="13900005678")
    request = lost()
    apply_requests(runtime)
    asked = look(request)
    assert (asked.state, dict(asked.outcome), dict(asked.payload)) == (State.DONE, {}, {})
    deliver(runtime, "urgent")
    assert [(sms.to, sms.body) for sms in phone.sent] == [
        (
            "+8613800001234",
            f"您的在途宽带订单：{newer}、{order.number}。查询请用订单号和手机号后四位，咨询10000。【清远电信】",
        )
    ]


def test_the_answer_about_a_lost_number_is_the_same_for_nobody(runtime, lost, look, order) -> None:
    nobody, somebody = lost("+8613711112222"), lost()
    apply_requests(runtime)
    answers = [(one.state, one.outcome, one.payload, one.faults) for one in map(look, (nobody, somebody))]
    assert answers[0] == answers[1]
    assert [template for template, _, _ in texts(runtime)] == ["order_numbers"]


def test_closed_orders_are_not_looked_for_and_five_are_named_at_most(
    runtime, lost, place, move, order
) -> None:
    numbers = [order.number, *(place().number for _ in range(6))]
    move(order, "withdrawn")
    lost()
    apply_requests(runtime)
    body = texts(runtime)[-1][2]
    assert re.findall(r"QY\w{13}", body) == numbers[:1:-1]


def test_each_operator_tells_its_own_numbers(runtime, lost, place, order) -> None:
    facts = runtime.reference.current()
    mobile = next(one for one in facts.operators.values() if one.code == "mobile")
    channel = next(one for one in facts.channels.values() if one.operator_id == mobile.id)
    other = place_order(runtime, channel, OrderRequestSchema().load(order_json(plan="24GD200001"))).number
    lost()
    apply_requests(runtime)
    bodies = {body for template, _, body in texts(runtime) if template == "order_numbers"}
    assert len(bodies) == 2
    assert {(order.number in body, other in body) for body in bodies} == {(True, False), (False, True)}


def test_lost_numbers_and_codes_share_their_limit(runtime, lost, applied, look, order, noon) -> None:
    assert applied(order, Kind.CODE).state is State.DONE
    noon.shift(timedelta(seconds=30))
    request = lost()
    apply_requests(runtime)
    # The answer does not say so.
    assert look(request).state is State.DONE
    assert [template for template, _, _ in texts(runtime)] == ["one_time_code"]
    noon.shift(timedelta(seconds=31))
    lost()
    apply_requests(runtime)
    assert rules_of(applied(order, Kind.CODE)) == ["code.too_often"]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"phone_digest": "13800001234"},
        {"phone_digest": "AB" * 32},
        {"phone_digest": None},
        {"phone_digest": 5},
        {"phone_digest": "ab" * 32, "more": 1},
        {"phone_digest": "\u200b" * 64},
    ],
)
def test_a_malformed_lost_number_is_refused_and_not_kept(runtime, lost, look, order, payload) -> None:
    request = lost(payload=payload)
    apply_requests(runtime)
    asked = look(request)
    assert asked.state is State.REFUSED
    assert {fault.pointer for fault in asked.faults} <= {"/phone_digest", "/more"}
    assert dict(asked.payload) == {}


def test_codes_go_a_day_after_they_and_their_sessions_are_over(runtime, order, send_code, noon, site) -> None:
    used, unused = send_code(order), send_code(order, "222222")
    _, token = open_session(site, runtime.keys, order.id, order.number, unused, clock.now())
    assert token is not None
    assert used
    noon.shift(CODE_VALID + CODES_KEPT)
    assert keep_requests(runtime.db) == 0
    noon.shift(timedelta(seconds=1))
    assert keep_requests(runtime.db) == 1
    noon.shift(SESSION_VALID - CODE_VALID)
    assert keep_requests(runtime.db) == 1
