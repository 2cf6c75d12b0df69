"""The site's own side: requests written down once, codes compared where it cannot reach around, sessions."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from tests.customer_requests.conftest import CODE, SHOWN
from tracker import clock
from tracker.customer_requests.asking import (
    Verdict,
    ask,
    close_session,
    latest_code,
    open_session,
    outcome_of,
    requests_of,
    session_of,
    wait_for,
)
from tracker.customer_requests.rules import CODE_TRIES, CODE_VALID, SESSION_VALID, Kind, State


@pytest.fixture
def type_code(runtime, site, order):
    def attempt(code: str, at=None) -> tuple[Verdict, str | None]:
        return open_session(site, runtime.keys, order.id, order.number, code, at or clock.now())

    return attempt


def session(runtime, site, token, at=None):
    with site.reading() as connection:
        return session_of(connection, runtime.keys, token, at or clock.now())


def test_what_was_asked_can_be_looked_at(site, order, asks) -> None:
    asked_at = clock.now()
    request = asks(order, Kind.HOLD, {"reason_code": "undecided", "until": "2026-12-01"}, now=asked_at)
    with site.reading() as connection:
        asked = outcome_of(connection, request)
        assert outcome_of(connection, request + 1) is None
    assert asked is not None
    assert (asked.kind, asked.state, asked.asked_at) == (Kind.HOLD, State.ASKED, asked_at)
    assert (asked.faults, dict(asked.outcome)) == ((), {})
    assert not asked.can_be_undone(asked_at)


def test_a_form_that_is_sent_twice_asks_once(site, order, asks, place, runtime) -> None:
    first = asks(order, Kind.CODE, once="word-of-the-form")
    with ThreadPoolExecutor(8) as clicks:
        again = list(clicks.map(lambda _: asks(order, Kind.CODE, once="word-of-the-form"), range(16)))
    assert set(again) == {first}
    assert asks(order, Kind.CODE, once="another") != first
    assert asks(order, Kind.CODE) != asks(order, Kind.CODE)


def test_the_list_of_an_order_shows_neither_codes_nor_undoings(site, order, asks) -> None:
    held = asks(order, Kind.HOLD)
    rated = asks(order, Kind.RATING)
    asks(order, Kind.CODE)
    asks(order, Kind.UNDO, {"request": held})
    with site.reading() as connection:
        assert [asked.id for asked in requests_of(connection, order.id)] == [rated, held]
        assert [asked.id for asked in requests_of(connection, order.id, most=1)] == [rated]
        assert requests_of(connection, order.id + 1) == []


def test_waiting_ends_when_somebody_has_looked(site, order, asks, runtime) -> None:
    request = asks(order, Kind.HOLD)
    still = wait_for(site, request, patience=0.2)
    assert still is not None
    assert still.is_open
    with ThreadPoolExecutor(1) as page:
        waiting = page.submit(wait_for, site, request, 20.0)
        with runtime.db.transaction() as connection:
            connection.execute(text("UPDATE customer_requests SET state = 'done'"))
        asked = waiting.result(timeout=10)
    assert asked is not None
    assert asked.state is State.DONE
    assert wait_for(site, request + 1) is None


def test_the_right_code_opens_one_session(runtime, site, order, send_code, type_code) -> None:
    now = clock.now()
    send_code(order, at=now)
    verdict, token = type_code(CODE, now)
    assert verdict is Verdict.OPENED
    assert token is not None
    opened = session(runtime, site, token, now)
    assert opened is not None
    assert (opened.order_id, opened.operator_id, opened.number) == (order.id, order.operator_id, order.number)
    assert opened.shown == SHOWN
    assert opened.ends_at == now + SESSION_VALID
    assert type_code(CODE, now) == (Verdict.GONE, None)


def test_a_session_ends_after_half_an_hour_or_when_it_is_closed(runtime, site, order, send_code, type_code):
    now = clock.now()
    send_code(order, at=now)
    _, token = type_code(CODE, now)
    assert session(runtime, site, token, now + SESSION_VALID - timedelta(seconds=1)) is not None
    assert session(runtime, site, token, now + SESSION_VALID) is None
    close_session(site, runtime.keys, "nobody's", now)
    assert session(runtime, site, token, now) is not None
    close_session(site, runtime.keys, token, now)
    assert session(runtime, site, token, now) is None


@pytest.mark.parametrize("token", ["", "x", "x" * 65, "x" * 100_000, "' OR 1=1 --", "\x00", "令牌"])
def test_what_is_no_token_opens_nothing(runtime, site, order, sign_in, token) -> None:
    sign_in(order)
    assert session(runtime, site, token) is None
    close_session(site, runtime.keys, token, clock.now())


def test_a_sixth_try_is_refused_even_with_the_right_code(site, order, send_code, type_code) -> None:
    send_code(order)
    for used in range(CODE_TRIES):
        with site.reading() as connection:
            standing = latest_code(connection, order.id, clock.now())
        assert standing is not None
        assert standing.tries_left == CODE_TRIES - used
        assert type_code(f"{used:06}") == (Verdict.WRONG, None)
    assert type_code(CODE) == (Verdict.GONE, None)
    with site.reading() as connection:
        assert latest_code(connection, order.id, clock.now()) is None


def test_tries_at_the_same_moment_are_counted_exactly(runtime, site, order, send_code, type_code) -> None:
    send_code(order)
    with ThreadPoolExecutor(8) as guessers:
        verdicts = list(guessers.map(lambda guess: type_code(f"{guess:06}")[0], range(40)))
    assert verdicts.count(Verdict.WRONG) == CODE_TRIES
    assert verdicts.count(Verdict.GONE) == 40 - CODE_TRIES
    with runtime.db.reading() as connection:
        assert connection.scalar(text("SELECT tries FROM lookup_codes")) == CODE_TRIES


def test_one_right_code_typed_twice_at_once_opens_one_session(order, send_code, type_code) -> None:
    send_code(order)
    with ThreadPoolExecutor(8) as hands:
        verdicts = list(hands.map(lambda _: type_code(CODE)[0], range(8)))
    assert sorted(verdicts) == [Verdict.GONE] * 7 + [Verdict.OPENED]


def test_a_code_is_good_for_ten_minutes_and_only_the_latest(order, send_code, type_code, runtime) -> None:
    now = clock.now()
    send_code(order, at=now)
    assert type_code(CODE, now + CODE_VALID) == (Verdict.GONE, None)
    send_code(order, "555555", at=now)
    assert type_code(CODE, now) == (Verdict.WRONG, None)
    assert type_code("555555", now + CODE_VALID - timedelta(seconds=1))[0] is Verdict.OPENED


def test_without_a_code_nothing_opens(type_code) -> None:
    assert type_code(CODE) == (Verdict.GONE, None)
    assert type_code("") == (Verdict.GONE, None)


def test_a_code_of_another_order_opens_nothing(order, place, runtime, site, send_code) -> None:
    send_code(order)
    other = place(customer__phone="13900005678").number
    with runtime.db.reading() as connection:
        other_id = connection.scalar(text("SELECT id FROM orders WHERE number = :n"), {"n": other})
    assert open_session(site, runtime.keys, other_id, other, CODE, clock.now())[0] is Verdict.GONE
    send_code_of_other = open_session(site, runtime.keys, order.id, other, CODE, clock.now())
    assert send_code_of_other[0] is Verdict.WRONG


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE customer_requests SET state = 'done'",
        "DELETE FROM customer_requests",
        "INSERT INTO customer_requests (kind, payload, asked_at, state)"
        " VALUES ('lost_number', '{}', now(), 'done')",
        "INSERT INTO customer_requests (kind, payload, asked_at, outcome)"
        " VALUES ('lost_number', '{}', now(), '{}')",
        "SELECT digest FROM lookup_codes",
        "SELECT * FROM lookup_codes",
        "UPDATE lookup_codes SET tries = 0",
        "UPDATE lookup_codes SET session_digest = '\\x00', session_ends_at = now() + interval '1 day'",
        "DELETE FROM lookup_codes",
        "INSERT INTO lookup_codes (operator_id) VALUES (1)",
        "SELECT recipient FROM notices",
        "SELECT params FROM notices",
        "UPDATE orders SET stage = 'withdrawn'",
        "CREATE FUNCTION open_lookup_session(bigint) RETURNS text LANGUAGE sql AS 'SELECT ''opened'''",
    ],
)
def test_the_site_cannot_reach_around(site, order, send_code, statement) -> None:
    send_code(order)
    with pytest.raises(ProgrammingError, match="permission denied"), site.at_once() as connection:
        connection.execute(text(statement))


def test_the_service_itself_opens_no_session(runtime, order, send_code) -> None:
    send_code(order)
    with pytest.raises(ProgrammingError, match="permission denied"):
        open_session(runtime.db, runtime.keys, order.id, order.number, CODE, clock.now())


def test_a_request_must_fit_its_kind(site, order) -> None:
    """Whatever the site believes: a forgotten number has no order, everything else has one."""
    for kind, whose in ((Kind.LOST_NUMBER, order.id), (Kind.CODE, None)):
        with pytest.raises(Exception, match="ck_customer_requests_order"):
            ask(
                site,
                kind,
                operator_id=order.operator_id if whose else None,
                order_id=whose,
                session_digest=None,
                payload={},
                now=clock.now(),
            )
