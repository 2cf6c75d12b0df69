"""Receipts in every order: each is kept, and what they say together stands (I1, I2)."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted import only, rows, states
from sqlalchemy import text, update

from tracker import clock
from tracker.notices.apply_receipts import apply_receipts
from tracker.notices.claim import claim
from tracker.notices.deliver import deliver
from tracker.notices.models import Notice
from tracker.notices.record import record
from tracker.notices.rules import State
from tracker.notices.sweep import sweep
from tracker.notices.verdicts import after_receipt, is_about
from tracker.sms.port import Absent, Accepted, NotSent, Receipt, Refused, Scope, Standing, Unknown

COURSE = [Standing.QUEUED, Standing.SENDING, Standing.SENT, Standing.DELIVERED]


def receipt(notice_id: int | None, standing: Standing, reference: str = "SM1", **more) -> Receipt:
    return Receipt(notice_id, reference, standing, standing.value, **more)


@pytest.fixture
def say(runtime, scripted):
    """The provider says something of the only notice."""

    def said(standing: Standing, reference: str = "SM1", **more) -> str:
        notice = only(runtime)
        apply_receipts(runtime, "scripted", [receipt(notice.id, standing, reference, **more)])
        return only(runtime).state

    return said


@pytest.fixture
def accepted(runtime, scripted, place):
    scripted.answer = lambda sms: Accepted("SM1")
    place()
    deliver(runtime, "progress")


@given(st.lists(st.sampled_from(Standing)), st.sampled_from(State), st.randoms())
def test_no_order_and_no_repetition_of_receipts_changes_what_they_say_together(said, before, dice) -> None:
    def after(standings) -> State:
        state = before
        for standing in standings:
            state = after_receipt(state, standing)
        return state

    shuffled = said * 2
    dice.shuffle(shuffled)
    assert after(said) is after(shuffled)
    for standing in said:
        assert after([*said, standing]) is after(said), "old news"


def play(runtime, place, events) -> str:
    """A text's way: claimed, then its receipts and the provider's answer, in this order."""
    place()
    (claimed,) = claim(runtime, "progress")
    for event in events:
        if isinstance(event, Standing):
            apply_receipts(runtime, "scripted", [receipt(claimed.sms.notice_id, event)])
        else:
            record(runtime, [claimed], [event])
    return states(runtime)[-1]


@pytest.mark.parametrize("answer", [Accepted("SM1"), Unknown("reset")], ids=["accepted", "unknown"])
def test_every_order_of_a_texts_receipts_and_its_answer_ends_as_delivered(
    runtime, scripted, place, answer
) -> None:
    for events in itertools.permutations([*COURSE, answer]):
        assert play(runtime, place, events) == "delivered", events
    assert len(rows(runtime, "notice_receipts")) == 120 * 4
    assert rows(runtime, "call_tasks") == []


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.sampled_from(Standing), min_size=1, max_size=6),
    st.sampled_from([Accepted("SM1"), Unknown("reset"), NotSent("late")]),
    st.randoms(),
)
def test_what_a_text_ends_as_is_the_same_in_any_order(runtime, scripted, place, said, answer, dice) -> None:
    first = play(runtime, place, [answer, *said])
    events = [answer, *said, *said]
    dice.shuffle(events)
    assert play(runtime, place, events) == first
    assert first in ("accepted", "undelivered", "delivered")
    assert claim(runtime, "progress") == [], "what the provider has is never sent again"
    open_tasks = [task for task in rows(runtime, "call_tasks") if task.closed_at is None]
    called = {task.notice_id for task in open_tasks}
    lost = {notice.id for notice in rows(runtime, "notices") if notice.state == "undelivered"}
    assert called == lost
    assert len(open_tasks) == len(lost), "one open task a notice"


def test_a_receipt_settles_an_unknown_text(runtime, scripted, place, say, noon) -> None:
    scripted.answer = lambda sms: Unknown("reset")
    place()
    deliver(runtime, "progress")
    assert say(Standing.QUEUED) == "accepted"
    assert only(runtime).provider_reference == "SM1"
    noon.shift(timedelta(minutes=10))
    sweep(runtime)
    assert scripted.asked == 0, "nothing is left to ask"


def test_a_receipt_calls_back_a_text_that_was_to_be_sent_again(runtime, scripted, place, say, noon) -> None:
    scripted.answer = lambda sms: Unknown("reset")
    place()
    deliver(runtime, "progress")
    scripted.finding = Absent()
    for seconds in (121, 61):
        noon.shift(timedelta(seconds=seconds))
        sweep(runtime)
    assert only(runtime).state == "created"
    assert say(Standing.SENT) == "accepted"
    assert deliver(runtime, "progress") == 0


def test_what_never_left_hears_nothing(runtime, scripted, place, say) -> None:
    """A receipt of another database's notice with the same id."""
    place()
    assert say(Standing.DELIVERED) == "created"
    deliver(runtime, "progress")
    assert len(scripted.sent) == 1


def test_a_message_that_is_not_ours_is_kept_and_moves_nothing(runtime, accepted, say) -> None:
    assert say(Standing.DELIVERED, "SM-other") == "accepted"
    assert [r.provider_reference for r in rows(runtime, "notice_receipts")] == ["SM-other"]


def test_another_providers_receipt_moves_nothing(runtime, accepted) -> None:
    notice = only(runtime)
    apply_receipts(runtime, "aliyun", [receipt(notice.id, Standing.DELIVERED)])
    assert only(runtime).state == "accepted"


def test_of_two_messages_the_one_that_arrived_counts(runtime, accepted, say) -> None:
    """The first one was denied twice and was there after all."""
    with runtime.db.transaction() as connection:
        connection.execute(update(Notice).values(attempts=2, provider_reference="SM2"))
    assert say(Standing.UNDELIVERED, "SM1") == "accepted", "the second one is on its way"
    assert say(Standing.DELIVERED, "SM1") == "delivered"


def test_receipts_of_unknown_notices_are_kept(runtime, scripted, clean) -> None:
    said = [receipt(None, Standing.SENT), receipt(2**63 - 1, Standing.DELIVERED)]
    assert apply_receipts(runtime, "scripted", said) == 0
    assert [(r.notice_id, r.operator_id) for r in rows(runtime, "notice_receipts")] == [(None, None)] * 2


def test_the_time_of_arrival_is_the_first_that_was_told(runtime, accepted, say, noon) -> None:
    at = clock.now() - timedelta(minutes=3)
    say(Standing.DELIVERED, at=at)
    noon.shift(timedelta(days=1))
    say(Standing.DELIVERED)
    assert only(runtime).delivered_at == at


def test_a_clock_ahead_of_ours_proves_no_arrival_in_the_future(runtime, accepted, say, noon) -> None:
    say(Standing.DELIVERED, at=clock.now() + timedelta(hours=8))
    assert only(runtime).delivered_at == clock.now()


def test_undelivered_asks_for_a_call_and_a_later_receipt_takes_it_back(runtime, accepted, say) -> None:
    assert say(Standing.UNDELIVERED, error_code="30005") == "undelivered"
    (task,) = rows(runtime, "call_tasks")
    assert (task.reason, task.detail) == ("undelivered", "undelivered: undelivered 30005")
    assert say(Standing.DELIVERED) == "delivered"
    (task,) = rows(runtime, "call_tasks")
    assert (task.outcome, task.version) == ("told_by_text", 2)
    assert task.closed_at is not None


def test_a_refused_text_stays_a_call_until_it_arrives(runtime, scripted, place, say) -> None:
    scripted.answer = lambda sms: Refused(Scope.NUMBER, "21211")
    place()
    deliver(runtime, "progress")
    assert say(Standing.SENT) == "call"
    assert say(Standing.DELIVERED) == "delivered"


def test_a_cancelled_notice_asks_for_no_call(runtime, accepted, say) -> None:
    with runtime.db.transaction() as connection:
        connection.execute(update(Notice).values(state=State.CANCELLED))
    assert say(Standing.UNDELIVERED) == "cancelled"
    assert rows(runtime, "call_tasks") == []


def test_all_at_once_with_the_answer_they_come_before(runtime, scripted, place) -> None:
    """Web processes and a worker, each with a batch in an order of its own: nobody waits for ever."""
    for _ in range(12):
        place()
    batch = claim(runtime, "progress")
    ids = [claimed.sms.notice_id for claimed in batch]

    def apply(standing: Standing, reverse: bool) -> None:
        said = [receipt(notice_id, standing) for notice_id in sorted(ids, reverse=reverse)]
        apply_receipts(runtime, "scripted", said)

    with ThreadPoolExecutor(8) as pool:
        works = [pool.submit(record, runtime, batch[::-1], [Unknown("reset")] * len(batch))]
        for standing in (*COURSE[:3], Standing.UNDELIVERED, Standing.DELIVERED):
            works += [pool.submit(apply, standing, reverse) for reverse in (False, True)]
        for work in works:
            work.result(timeout=30)
    assert states(runtime) == ["delivered"] * 12
    assert [task for task in rows(runtime, "call_tasks") if task.closed_at is None] == []
    assert len(rows(runtime, "notice_receipts")) == 12 * 10


def test_receipts_of_a_batch_are_applied_together(runtime, scripted, place) -> None:
    for _ in range(3):
        place()
    deliver(runtime, "progress")
    said = [
        receipt(notice.id, standing, f"ref-{notice.id}")
        for notice in reversed(rows(runtime, "notices"))
        for standing in (Standing.DELIVERED, Standing.SENT)
    ]
    assert apply_receipts(runtime, "scripted", said) == 3
    assert states(runtime) == ["delivered"] * 3


@pytest.mark.parametrize("change", ["UPDATE notice_receipts SET raw = '{}'", "DELETE FROM call_attempts"])
def test_proofs_cannot_be_rewritten(database, change) -> None:
    from sqlalchemy.exc import ProgrammingError

    with pytest.raises(ProgrammingError, match="permission denied"), database.transaction() as connection:
        connection.execute(text(change))


def test_a_text_that_was_found_by_our_own_id_is_known_whatever_it_is_called() -> None:
    """Alibaba Cloud's query names a text by the id that we gave it, its answer and receipts by another."""
    assert is_about(1, "biz-1", "", Standing.FAILED)
    assert is_about(1, None, "biz-1", Standing.DELIVERED)
    # Of two attempts nobody can say which one it was; that one of them arrived is news all the same.
    assert not is_about(2, "biz-2", "", Standing.FAILED)
    assert is_about(2, "biz-2", "", Standing.DELIVERED)
    assert not is_about(0, None, "", Standing.DELIVERED)
