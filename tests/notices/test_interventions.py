"""What a manager has done about a text: nobody is told twice by it (I2), and it is known who did it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.calling import HOUR, MORNING, Exchange, at, exchange_of
from tracker.notices.claim import claim
from tracker.notices.deliver import deliver
from tracker.notices.intervene import send_again, tell_by_call, what_may_be_done
from tracker.notices.intervention_rules import fault_of_calling, fault_of_sending
from tracker.notices.one_notice import course_of
from tracker.notices.rules import State, Why
from tracker.notices.sweep import sweep
from tracker.orders.place_orders import Placed
from tracker.problems import RULES, Refusal
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.sms.port import Accepted, CannotTell, Scope, Standing

WANG = "staff:wang"


@pytest.fixture
def exchange(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    monkeypatch: pytest.MonkeyPatch,
) -> Exchange:
    return exchange_of(runtime, channel, place, monkeypatch, WANG)


def again(exchange: Exchange, notice_id: int) -> int:
    return send_again(exchange.runtime, exchange.operator_id, WANG, notice_id)


def by_call(exchange: Exchange, notice_id: int) -> None:
    tell_by_call(exchange.runtime, exchange.operator_id, WANG, notice_id)


def why_not(act: Callable[[Exchange, int], object], exchange: Exchange, notice_id: int) -> str | None:
    """The rule by which it is refused; None where it is done. The page says the same beforehand."""
    with exchange.runtime.db.reading() as connection:
        course = course_of(connection, exchange.operator_id, notice_id)
    assert course is not None
    said = what_may_be_done(course)[0 if act is again else 1]
    try:
        act(exchange, notice_id)
    except Refusal as refusal:
        assert not said
        return refusal.faults[0].rule
    assert said
    return None


def sent_to(exchange: Exchange, notice_id: int) -> int:
    """How often the provider was handed a text of this order."""
    order = exchange.notice(notice_id).order_id
    texts = {row.id for row in exchange.all("SELECT id FROM notices WHERE order_id = :o", o=order)}
    return sum(sms.notice_id in texts for sms in exchange.gateway.sent)


class TestSendingAgain:
    def test_what_was_not_delivered_goes_out_once_more(self, exchange: Exchange) -> None:
        first = exchange.undelivered()
        task = exchange.task(first)
        made = again(exchange, first.id)
        second = exchange.notice(made)
        assert (second.state, second.retry_of, second.body) == ("created", first.id, first.body)
        assert exchange.task(first)._mapping["outcome"] == "sent_again"
        assert exchange.task(first).version == task.version + 1
        exchange.gateway.answer = lambda sms: Accepted(f"ref-{sms.notice_id}")
        deliver(exchange.runtime, "progress")
        exchange.receive(made, Standing.DELIVERED)
        assert exchange.notice(made).state == "delivered"
        assert sent_to(exchange, first.id) == 2

    def test_it_is_known_who_did_it(self, exchange: Exchange) -> None:
        first = exchange.undelivered()
        again(exchange, first.id)
        entry = exchange.one("SELECT * FROM audit_entries")
        assert (entry.action, entry.actor, entry.subject, entry.why) == (
            "changed",
            WANG,
            f"notice:{first.id}",
            "text sent again",
        )

    def test_once_is_enough(self, exchange: Exchange) -> None:
        first = exchange.undelivered()
        made = again(exchange, first.id)
        assert why_not(again, exchange, first.id) == "notice.sent_again_already"
        exchange.change("UPDATE notices SET state = 'undelivered' WHERE id = :id", id=made)
        assert why_not(again, exchange, made) == "notice.sent_again_already"

    def test_two_managers_at_once_send_one(self, exchange: Exchange) -> None:
        first = exchange.undelivered()

        def act(_: int) -> bool:
            try:
                again(exchange, first.id)
            except Refusal:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(act, range(4))) == [False, False, False, True]
        assert len(exchange.all("SELECT FROM notices WHERE retry_of = :id", id=first.id)) == 1

    def test_a_second_failure_is_called(self, exchange: Exchange) -> None:
        first = exchange.undelivered()
        made = again(exchange, first.id)
        deliver(exchange.runtime, "progress")
        exchange.receive(made, Standing.UNDELIVERED, "30003")
        assert exchange.task(exchange.notice(made)).closed_at is None

    def test_what_was_refused_may_be_tried_again(self, exchange: Exchange) -> None:
        first = exchange.refused("21617", Scope.CONTENT)
        assert why_not(again, exchange, first.id) is None
        assert exchange.task(first).outcome == "sent_again"

    @pytest.mark.parametrize("how", ["send", "unknown", "not_sent", "delivered", "landline"])
    def test_what_may_have_gone_is_never_sent_again(self, exchange: Exchange, how: str) -> None:
        first = getattr(exchange, how)()
        tried = len(exchange.gateway.sent)
        assert why_not(again, exchange, first.id) is not None
        deliver(exchange.runtime, "progress")
        assert len(exchange.gateway.sent) == tried
        assert exchange.all("SELECT FROM notices WHERE retry_of IS NOT NULL") == []

    def test_a_text_whose_worker_died_is_not_sent_again_after_a_call_was_asked_for(
        self, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing was written down of an attempt that may have reached the customer."""
        exchange.place()
        (claimed,) = claim(exchange.runtime, "progress")
        exchange.gateway.finding = CannotTell("503")
        at(monkeypatch, MORNING + HOUR)
        sweep(exchange.runtime)
        first = exchange.notice(claimed.sms.notice_id)
        assert (first.state, exchange.all("SELECT FROM notice_attempts")) == ("unknown", [])
        by_call(exchange, first.id)
        assert why_not(again, exchange, first.id) == "notice.may_have_gone"
        at(monkeypatch, MORNING + 30 * HOUR)
        sweep(exchange.runtime)
        deliver(exchange.runtime, "progress")
        assert exchange.gateway.sent == []

    def test_whoever_was_told_by_phone_gets_no_text(self, exchange: Exchange) -> None:
        first = exchange.undelivered()
        exchange.call(exchange.task(first).id, "reached")
        assert why_not(again, exchange, first.id) == "notice.not_to_be_sent"

    def test_at_night_it_waits(self, exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
        first = exchange.undelivered()
        exchange.change("UPDATE notices SET template = 'dispatched' WHERE id = :id", id=first.id)
        at(monkeypatch, MORNING + 12 * HOUR)
        made = exchange.notice(again(exchange, first.id))
        assert made.next_at == MORNING + 22 * HOUR


class TestTellingByCall:
    def test_what_waits_is_told_by_a_person_and_not_sent(self, exchange: Exchange) -> None:
        placed = exchange.place()
        waiting = exchange.one("SELECT * FROM notices WHERE order_id = :id", id=placed.order_id)
        assert why_not(by_call, exchange, waiting.id) is None
        assert deliver(exchange.runtime, "progress") == 0
        task = exchange.task(waiting)
        assert (task.reason, task.detail, task.order_id) == ("asked", WANG, placed.order_id)
        # Nothing went out, so it may be sent after all.
        assert why_not(again, exchange, waiting.id) is None

    def test_what_nobody_knows_of_is_told_and_never_sent(
        self, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = exchange.unknown()
        by_call(exchange, first.id)
        for hours in range(1, 30):
            at(monkeypatch, MORNING + hours * HOUR)
            sweep(exchange.runtime)
            deliver(exchange.runtime, "progress")
        assert sent_to(exchange, first.id) == 1
        assert len(exchange.all("SELECT FROM call_tasks")) == 1

    def test_a_receipt_takes_it_back(self, exchange: Exchange) -> None:
        first = exchange.send()
        by_call(exchange, first.id)
        exchange.receive(first.id, Standing.DELIVERED)
        assert exchange.task(first).outcome == "told_by_text"

    def test_a_second_text_that_waits_is_not_sent_then(self, exchange: Exchange) -> None:
        first = exchange.undelivered()
        made = again(exchange, first.id)
        assert why_not(by_call, exchange, first.id) is None
        assert exchange.notice(made).state == "cancelled"
        assert deliver(exchange.runtime, "progress") == 0

    @pytest.mark.parametrize(
        ("how", "rule"),
        [
            ("refused", "notice.call_open"),
            ("landline", "notice.call_open"),
            ("delivered", "notice.not_to_be_called"),
        ],
    )
    def test_where_there_is_no_sense_in_it(self, exchange: Exchange, how: str, rule: str) -> None:
        assert why_not(by_call, exchange, getattr(exchange, how)().id) == rule

    def test_while_it_is_on_its_way(self, exchange: Exchange) -> None:
        first = exchange.send()
        exchange.change("UPDATE notices SET state = 'sending' WHERE id = :id", id=first.id)
        assert why_not(by_call, exchange, first.id) == "notice.on_its_way"


@pytest.mark.parametrize("act", [again, by_call])
def test_another_operators_is_not_found(exchange: Exchange, act: Callable[[Exchange, int], object]) -> None:
    first = exchange.undelivered()
    exchange.operator_id += 1
    with pytest.raises(Refusal) as refused:
        act(exchange, first.id)
    assert refused.value.faults[0].rule == "notice.not_found"


@pytest.mark.parametrize("act", [again, by_call])
def test_a_code_is_nobodys_business(exchange: Exchange, act: Callable[[Exchange, int], object]) -> None:
    first = exchange.undelivered()
    exchange.change("UPDATE notices SET template = 'one_time_code' WHERE id = :id", id=first.id)
    exchange.change("UPDATE call_tasks SET closed_at = opened_at, outcome = 'not_needed'")
    assert why_not(act, exchange, first.id) in ("notice.not_to_be_sent", "notice.not_to_be_called")


_outcomes = st.lists(
    st.sampled_from(
        ["accepted", "unknown", "not_sent", "refused_number", "refused_content", "refused_account"]
    ),
    max_size=6,
)


@given(
    state=st.sampled_from(State),
    outcomes=_outcomes,
    lost=st.integers(0, 2),
    was_accepted=st.booleans(),
    reasons=st.sets(st.sampled_from(Why)),
    told=st.booleans(),
    retries=st.tuples(st.booleans(), st.booleans()),
    has_number=st.booleans(),
)
def test_only_what_surely_did_not_arrive_is_sent_again(
    state: State,
    outcomes: list[str],
    lost: int,
    was_accepted: bool,
    reasons: set[Why],
    told: bool,
    retries: tuple[bool, bool],
    has_number: bool,
) -> None:
    fault = fault_of_sending(
        state,
        attempts=len(outcomes) + lost,
        outcomes=outcomes,
        was_accepted=was_accepted,
        reasons=[why.value for why in reasons],
        told=told,
        is_retry=retries[0],
        has_retry=retries[1],
        has_number=has_number,
        template="order_accepted",
    )
    if fault is not None:
        assert RULES[fault].status == 409
        return
    assert has_number
    assert not told
    assert not any(retries)
    assert state in (State.UNDELIVERED, State.CALL)
    if state is State.CALL:
        assert not was_accepted
        assert not lost
        assert not {"accepted", "unknown"} & set(outcomes)
        assert not reasons & {Why.LANDLINE, Why.WISH, Why.REPEATED, Why.UNKNOWN, Why.UNCONFIRMED}


@given(
    state=st.sampled_from(State),
    call_open=st.booleans(),
    told=st.booleans(),
    retry=st.none() | st.tuples(st.sampled_from(State), st.integers(0, 2)),
)
def test_nobody_is_called_about_what_is_settled(
    state: State, call_open: bool, told: bool, retry: tuple[State, int] | None
) -> None:
    fault = fault_of_calling(
        state, call_open=call_open, told=told, retry=retry, has_number=True, template="order_accepted"
    )
    if fault is not None:
        assert RULES[fault].status == 409
    else:
        assert not call_open
        assert not told
        assert state not in (State.SENDING, State.DELIVERED, State.CANCELLED)
        assert retry is None or retry[0] in (State.CREATED, State.CANCELLED)
