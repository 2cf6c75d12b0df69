"""From a row to a text on its way: each outcome of a gateway, and how the unknown is settled (I1, I2)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from doubles import use_gateway
from scripted import Scripted
from sqlalchemy import func, select

from tracker.notices.deliver import deliver
from tracker.notices.models import Notice, NoticeAttempt
from tracker.notices.rules import MAX_ATTEMPTS
from tracker.notices.sweep import sweep
from tracker.runtime import Runtime
from tracker.sms.models import RecordedText
from tracker.sms.port import (
    Accepted,
    CannotTell,
    Found,
    NotSent,
    Refused,
    Scope,
    Unknown,
)
from tracker.sms.recording import RecordingGateway

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


@pytest.fixture
def provider(runtime: Runtime) -> Scripted:
    scripted = Scripted()
    # As the recording one: nobody is asked about texts of which no receipt speaks.
    scripted.gives_receipts = False
    use_gateway(runtime, scripted)
    return scripted


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def notice(runtime: Runtime):
    with runtime.db.reading() as connection:
        return connection.execute(select(Notice.__table__)).one()


def attempts(runtime: Runtime) -> list[str]:
    with runtime.db.reading() as connection:
        return list(connection.scalars(select(NoticeAttempt.outcome).order_by(NoticeAttempt.id)))


def test_an_accepted_text_is_done(runtime, provider, place) -> None:
    placed = place()
    assert deliver(runtime, "progress") == 1
    assert deliver(runtime, "progress") == 0
    row = notice(runtime)
    assert (row.state, row.provider, row.provider_reference) == ("accepted", "scripted", f"ref-{row.id}")
    (sms,) = provider.sent
    assert sms.to == "+8613800001234"
    assert placed.number in sms.body
    assert attempts(runtime) == ["accepted"]


def test_what_was_surely_not_sent_is_tried_again_later_and_in_the_end_somebody_calls(
    runtime, provider, place, at_noon
) -> None:
    provider.answer = lambda sms: NotSent("connection refused")
    place()
    for tried in range(1, MAX_ATTEMPTS + 1):
        assert deliver(runtime, "progress") == 1
        assert deliver(runtime, "progress") == 0, "not before its time"
        row = notice(runtime)
        assert row.attempts == tried
        at_noon.shift(timedelta(hours=1))
    assert row.state == "call"
    assert "connection refused" in row.reason
    assert deliver(runtime, "progress") == 0


def test_retry_after_is_kept(runtime, provider, place, at_noon) -> None:
    provider.answer = lambda sms: NotSent("429", retry_after=900)
    place()
    deliver(runtime, "progress")
    assert notice(runtime).next_at == NOON + timedelta(seconds=900)


def test_a_refused_number_becomes_a_call_and_is_not_tried_again(runtime, provider, place, at_noon) -> None:
    provider.answer = lambda sms: Refused(Scope.NUMBER, "21211")
    place()
    deliver(runtime, "progress")
    at_noon.shift(timedelta(days=2))
    assert deliver(runtime, "progress") == 0
    row = notice(runtime)
    assert (row.state, row.reason) == ("call", "refused (number): 21211")


def test_a_refused_account_waits_for_its_engineer(runtime, provider, place, at_noon) -> None:
    provider.answer = lambda sms: Refused(Scope.ACCOUNT, "20003")
    place()
    deliver(runtime, "progress")
    provider.answer = lambda sms: Accepted("mended")
    at_noon.shift(timedelta(hours=1))
    deliver(runtime, "progress")
    assert notice(runtime).provider_reference == "mended"


class TestUnknown:
    @pytest.fixture(autouse=True)
    def unknown(self, runtime, provider, place, at_noon):
        provider.answer = lambda sms: Unknown("reset")
        place()
        deliver(runtime, "progress")
        provider.answer = lambda sms: Accepted("second")

    def test_it_is_never_sent_again_before_the_provider_was_asked(self, runtime, provider, at_noon) -> None:
        for _ in range(5):
            at_noon.shift(timedelta(seconds=23))
            sweep(runtime)
            deliver(runtime, "progress")
        assert len(provider.sent) == 1
        assert provider.asked == 0, "the request may still be under way"

    def test_found_is_accepted(self, runtime, provider, at_noon) -> None:
        provider.finding = Found("SM1", "delivered")
        at_noon.shift(timedelta(seconds=121))
        sweep(runtime)
        row = notice(runtime)
        assert (row.state, row.provider_reference) == ("accepted", "SM1")
        assert len(provider.sent) == 1

    def test_absent_twice_is_sent_again(self, runtime, provider, at_noon) -> None:
        at_noon.shift(timedelta(seconds=121))
        sweep(runtime)
        assert notice(runtime).state == "unknown", "one look is not enough"
        sweep(runtime)
        assert provider.asked == 1, "a second look comes a minute later"
        at_noon.shift(timedelta(seconds=61))
        sweep(runtime)
        deliver(runtime, "progress")
        row = notice(runtime)
        assert (row.state, row.provider_reference, row.attempts) == ("accepted", "second", 2)

    def test_no_answer_keeps_it_unknown(self, runtime, provider, at_noon) -> None:
        provider.finding = CannotTell("503")
        for _ in range(10):
            at_noon.shift(timedelta(minutes=5))
            sweep(runtime)
            deliver(runtime, "progress")
        row = notice(runtime)
        assert row.state == "unknown"
        assert "503" in row.reason
        assert len(provider.sent) == 1


def test_a_lost_workers_text_becomes_unknown_not_due(runtime, provider, place, at_noon) -> None:
    from tracker.notices.claim import claim

    place()
    assert len(claim(runtime, "progress")) == 1
    at_noon.shift(timedelta(seconds=runtime.config.lease - 1))
    sweep(runtime)
    assert notice(runtime).state == "sending"
    at_noon.shift(timedelta(seconds=2))
    sweep(runtime)
    assert notice(runtime).state == "unknown"
    assert deliver(runtime, "progress") == 0


def test_two_workers_never_claim_the_same(runtime, provider, place) -> None:
    from concurrent.futures import ThreadPoolExecutor

    for _ in range(60):
        place()
    with ThreadPoolExecutor(4) as pool:
        tried = sum(pool.map(lambda _: deliver(runtime, "progress"), range(4)))
    assert tried == 60
    assert len({sms.notice_id for sms in provider.sent}) == 60


def test_a_text_planned_at_night_waits_for_the_morning(runtime, provider, place, at_noon) -> None:
    from tracker.orders.actor import Actor
    from tracker.orders.record_progress import record_progress

    placed = place()
    channel = next(iter(runtime.reference.current().channels.values()))
    at_noon.shift(timedelta(hours=11))  # 23:00 in Qingyuan
    for stage in ("verified", "resource_checked", "dispatched"):
        record_progress(runtime, Actor(channel.operator_id, "system"), placed.number, {"stage": stage})
    assert deliver(runtime, "progress") == 1, "what answers the customer goes at any hour"
    at_noon.shift(timedelta(hours=9, minutes=1))  # 08:01
    assert deliver(runtime, "progress") == 1
    assert "已派单" in provider.sent[-1].body


def test_the_recording_gateway_keeps_what_a_phone_would_show(runtime, place) -> None:
    use_gateway(runtime, RecordingGateway(runtime.db, runtime.keys))
    placed = place()
    deliver(runtime, "progress")
    with runtime.db.reading() as connection:
        (text,) = connection.execute(select(RecordedText.__table__)).all()
    assert placed.number in text.body
    assert text.recipient_masked == "138****1234"
    assert b"13800001234" not in bytes(text.recipient)


def test_one_notice_whatever_is_planned_twice(runtime, place) -> None:
    from tracker import clock
    from tracker.notices.drafts import Wanted
    from tracker.notices.plan_notices import plan_notices

    placed, reference = place(), runtime.reference.current()
    again = Wanted(
        1,
        placed.order_id,
        "order_accepted",
        "zh",
        {"number": placed.number, "deadline": "x", "hotline": "1", "signature": "s"},
        "+8613800001234",
        f"order:{placed.order_id}:accepted",
    )
    with runtime.db.transaction() as connection:
        assert plan_notices(connection, runtime, reference, [again], clock.now()) == 0
        other = replace(again, dedup_key="other")
        assert plan_notices(connection, runtime, reference, [other, other], clock.now()) == 1
    with runtime.db.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(Notice)) == 2
