"""What a receiver gets: everything once it answers, each order's events in order, signed, under one id."""

from collections import defaultdict
from datetime import timedelta

import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import WebhookVerificationError
from structlog.testing import capture_logs

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.feed import read_events
from tracker.orders.positions import START
from tracker.orders.schemas import EventSchema
from tracker.webhooks.change_webhook import (
    change_webhook,
    delete_webhook,
    pause_webhook,
    resume_webhook,
    rotate_secret,
)
from tracker.webhooks.deliver import deliver
from tracker.webhooks.keep import keep_webhooks
from tracker.webhooks.record import ATTEMPTS
from tracker.webhooks.rules import STEPS
from tracker.webhooks.send_again import send_again, send_test


def test_events_arrive_signed_and_in_order(runtime, receiver, hook, place, step, work) -> None:
    before = place()
    to = receiver()
    made = hook(to)
    placed = [place(customer__name="王小二", customer__phone="13811112222") for _ in range(5)]
    for one in placed:
        step(one, "verified", "resource_checked", "dispatched")
    work.until_done()
    assert len(to.got) == 20
    by_order = defaultdict(list)
    for got in to.got:
        got.verify(made.secret)
        assert got.document["type"] == got.data["type"]
        assert not any(secret in got.body for secret in ("王小二", "13811112222", "测试路"))
        by_order[got.data["order"]].append(got.data["version"])
    assert by_order == {one.number: [1, 2, 3, 4] for one in placed}
    assert before.number not in by_order
    with pytest.raises(WebhookVerificationError):
        to.got[0].verify("whsec_" + "A" * 44)
    assert set(work.states()) == {"delivered"}


def test_the_feed_and_the_webhook_say_the_same(runtime, receiver, hook, place, step, work, channel) -> None:
    to = receiver()
    hook(to)
    step(place(), "verified")
    work.until_done()
    with runtime.db.reading() as connection:
        events, _, _ = read_events(connection, channel.id, START, 10)
    assert [got.data for got in to.got] == EventSchema(many=True).dump(events)


def test_only_the_types_that_were_asked_for(runtime, receiver, hook, place, step, work) -> None:
    to = receiver()
    hook(to, ["order.stage"])
    step(place(), "verified")
    work.until_done()
    assert [got.document["type"] for got in to.got] == ["order.stage"]


def test_an_order_waits_for_its_own_event_and_for_no_other(
    runtime, receiver, hook, place, step, work
) -> None:
    to = receiver()
    hook(to)
    stuck, fine = place(), place()
    step(stuck, "verified", "resource_checked")
    step(fine, "verified", "resource_checked")
    to.decide = lambda got: 500 if got.data["order"] == stuck.number else None
    deliver(runtime)
    assert [s for s in to.steps() if s[0] == fine.number] == [(fine.number, v) for v in (1, 2, 3)]
    assert {s for s in to.steps() if s[0] == stuck.number} == {(stuck.number, 1)}
    first = next(got.message_id for got in to.got if got.data["order"] == stuck.number)
    to.decide = None
    work.until_done()
    again = [got for got in to.got if got.step == (stuck.number, 1)]
    assert {got.message_id for got in again} == {first}
    assert [s for s in to.steps() if s[0] == stuck.number][-3:] == [(stuck.number, v) for v in (1, 2, 3)]


@pytest.mark.parametrize(
    ("answers", "error", "status"),
    [
        (500, "http_500", 500),
        (404, "http_404", 404),
        ((302, {"Location": "/elsewhere"}), "redirect", 302),
        ("hang", "timeout", None),
        ("reset", "connection", None),
    ],
)
def test_what_is_no_success_is_tried_again(
    answers, error, status, runtime, receiver, hook, place, work
) -> None:
    to = receiver(answers)
    hook(to)
    place()
    begun = clock.now()
    deliver(runtime)
    (row,) = work.rows()
    assert (row.state, row.attempts, row.status) == ("waiting", 1, status)
    assert row.error in (error, "disconnected")
    pause = (row.next_at - row.tried_at).total_seconds()
    assert 0.9 * STEPS[0] <= pause <= 1.1 * STEPS[0]
    assert row.tried_at >= begun
    work.until_done()
    assert work.states() == ["delivered"]
    assert len(to.got) == 2


def test_an_answer_whose_body_never_ends_is_an_answer(runtime, receiver, hook, place, work) -> None:
    to = receiver("drip")
    hook(to)
    place()
    deliver(runtime)
    assert work.states() == ["delivered"]


def test_nobody_listens(runtime, receiver, hook, place, work) -> None:
    to = receiver()
    hook(to)
    to.close()
    place()
    deliver(runtime)
    (row,) = work.rows()
    assert (row.state, row.error) == ("waiting", "refused")


def test_retry_after_is_honoured_within_a_day(runtime, receiver, hook, place, work) -> None:
    to = receiver((503, {"Retry-After": "3600"}), (429, {"Retry-After": "9999999"}))
    hook(to)
    place()
    for expected in (3600, 86400):
        deliver(runtime)
        (row,) = work.rows()
        assert (row.next_at - row.tried_at).total_seconds() == pytest.approx(expected, abs=1)
        work.no_waiting()


def test_given_up_after_the_last_step_and_the_next_event_goes(
    runtime, receiver, hook, place, step, work
) -> None:
    to = receiver(otherwise=500)
    made = hook(to)
    placed = place()
    step(placed, "verified")
    to.decide = lambda got: 500 if got.data["version"] == 1 else 204
    work.until_done()
    assert work.states() == ["given_up", "delivered"]
    assert work.rows()[0].attempts == len(STEPS) + 1
    assert 2.9 * 86400 < sum(STEPS) < 3.1 * 86400
    # Somebody mends the receiver and has it sent again: the same message, waited for by nobody.
    to.decide = None
    to.otherwise = 200
    send_again_id = send_again(runtime, Actor(1, "staff:wang.min"), made.id, work.rows()[0].id)
    work.until_done()
    assert to.got[-1].message_id == to.got[0].message_id
    assert [row.state for row in work.rows() if row.id == send_again_id] == ["delivered"]


def test_gone_pauses_at_once_and_resuming_loses_nothing(
    runtime, receiver, hook, place, step, work, actor
) -> None:
    to = receiver(410)
    made = hook(to)
    placed = place()
    deliver(runtime)
    stands = work.webhook(made.id)
    assert (stands.state, stands.paused_why) == ("paused", "gone")
    step(placed, "verified")
    deliver(runtime)
    assert len(to.got) == 1
    resume_webhook(runtime, actor, made.id, if_version=None)
    work.until_done()
    assert to.steps()[1:] == [(placed.number, 1), (placed.number, 2)]


def test_constant_failure_pauses_with_a_warning(runtime, receiver, hook, place, work) -> None:
    to = receiver(otherwise=500)
    made = hook(to)
    place()
    for _ in range(10):
        deliver(runtime)
        work.no_waiting()
    assert work.webhook(made.id).state == "active"
    work.set("UPDATE webhooks SET failing_since = failing_since - interval '24 hours'")
    with capture_logs() as logs:
        deliver(runtime)
    stands = work.webhook(made.id)
    assert (stands.state, stands.paused_why) == ("paused", "failing")
    warnings = [(line["event"], line["why"]) for line in logs if line["log_level"] == "warning"]
    assert warnings == [("webhook_paused", "failing")]
    sent = len(to.got)
    work.no_waiting()
    deliver(runtime)
    assert len(to.got) == sent


def test_one_in_trouble_is_left_alone_and_a_success_ends_that(runtime, receiver, hook, place, work) -> None:
    to = receiver(otherwise=500)
    made = hook(to)
    for _ in range(8):
        place()
    deliver(runtime)
    assert len(to.got) >= 5
    sent, stands = len(to.got), work.webhook(made.id)
    assert stands.rests_until > clock.now()
    work.set("UPDATE webhook_deliveries SET next_at = now() WHERE state = 'waiting'")
    deliver(runtime)
    assert len(to.got) == sent
    to.otherwise = 204
    work.until_done()
    assert work.webhook(made.id).failures == 0


def test_a_slow_receiver_holds_up_nobody_else(runtime, receiver, hook, place, work) -> None:
    slow, quick = receiver(otherwise="hang"), receiver()
    hook(slow)
    hook(quick)
    for _ in range(30):
        place()
    deliver(runtime)
    assert len(quick.got) == 30
    assert quick.got[-1].at - slow.got[0].at < runtime.config.webhook_timeout
    assert {row.error for row in work.rows() if row.state == "waiting"} == {"timeout"}


def test_another_secret_with_an_overlap(runtime, receiver, hook, place, work, actor) -> None:
    to = receiver()
    made = hook(to)
    second = rotate_secret(runtime, actor, made.id, timedelta(hours=1), if_version=None)
    place()
    work.until_done()
    for secret in (made.secret, second):
        to.got[-1].verify(secret)
    work.set("UPDATE webhooks SET previous_until = now() - interval '1 second'")
    keep_webhooks(runtime)
    assert work.webhook(made.id).previous_secret is None
    place()
    work.until_done()
    to.got[-1].verify(second)
    with pytest.raises(WebhookVerificationError):
        to.got[-1].verify(made.secret)


def test_a_secret_is_sealed_and_in_no_log(runtime, receiver, hook, place, work) -> None:
    with capture_logs() as logs:
        made = hook(receiver(otherwise="reset"))
        place()
        deliver(runtime)
    stored = bytes(work.webhook(made.id).secret)
    assert made.secret.encode() not in stored
    assert work.rows()[0].error is not None
    said = repr(logs)
    assert "webhook_created" in said
    assert made.secret not in said
    assert "token=x" not in said


def test_a_test_goes_out_even_while_paused(runtime, receiver, hook, place, work, actor) -> None:
    to = receiver(500)
    made = hook(to)
    pause_webhook(runtime, actor, made.id, if_version=None)
    place()
    send_test(runtime, actor, made.id)
    deliver(runtime)
    assert [got.document["type"] for got in to.got] == ["test.ping"]
    to.got[0].verify(made.secret)
    (row,) = work.rows()
    assert (row.state, row.error, row.attempts) == ("given_up", "http_500", 1)
    assert work.webhook(made.id).failures == 0


def test_another_address_and_the_end(runtime, receiver, hook, place, work, actor) -> None:
    one, other = receiver(otherwise=500), receiver(otherwise=500)
    made = hook(one)
    place()
    deliver(runtime)
    change_webhook(runtime, actor, made.id, {"url": other.url, "events": None}, if_version=None)
    work.no_waiting()
    deliver(runtime)
    assert (len(one.got), len(other.got)) == (1, 1)
    delete_webhook(runtime, actor, made.id, if_version=None)
    place()
    work.no_waiting()
    deliver(runtime)
    assert [(row.state, row.error) for row in work.rows()] == [("given_up", "webhook_deleted")]
    assert (work.webhook(made.id).url, bytes(work.webhook(made.id).secret)) == ("", b"")
    assert (len(one.got), len(other.got)) == (1, 1)


def test_old_deliveries_go_and_open_ones_stay(runtime, receiver, hook, place, work) -> None:
    to = receiver(204, otherwise=500)
    hook(to)
    place()
    deliver(runtime)
    place()
    deliver(runtime)
    work.set("UPDATE webhook_deliveries SET ended_at = ended_at - interval '29 days', created_at = now()")
    assert keep_webhooks(runtime) == 0
    work.set("UPDATE webhook_deliveries SET ended_at = ended_at - interval '2 days'")
    assert keep_webhooks(runtime) == 1
    assert work.states() == ["waiting"]


def test_attempts_are_counted(runtime, receiver, hook, place, work) -> None:
    to = receiver(500)
    hook(to)
    place()
    work.until_done()
    assert work.rows()[0].attempts == 2
    with runtime.db.reading() as connection:
        rows = connection.execute(
            text("SELECT label, sum(total) AS total FROM tallies WHERE name = :name GROUP BY label"),
            {"name": ATTEMPTS},
        )
        totals = {row.label: row.total for row in rows}
    assert totals == {"http_500": 1, "delivered": 1}
