"""Charges and payments under the order's lock: never more given back than is held, however many at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, text

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.fee_queries import fee_book
from tracker.orders.models import Order, OrderEvent
from tracker.orders.record_payment import record_charge, record_payment
from tracker.orders.record_progress import record_progress
from tracker.problems import Refusal

AT_ONCE = 50


@pytest.fixture
def actor(channel):
    return Actor.of_channel(channel)


@pytest.fixture
def pay(runtime, actor):
    def record(number, amount_fen, reference, fee="installation", **more):
        request = {"fee": fee, "amount_fen": amount_fen, "reference": reference, **more}
        return record_payment(runtime, actor, number, request)

    return record


@pytest.fixture
def charge(runtime, actor):
    def record(number, amount_fen, reference, fee="installation", **more):
        request = {"fee": fee, "amount_fen": amount_fen, "reference": reference, **more}
        return record_charge(runtime, actor, number, request)

    return record


@pytest.fixture
def account(runtime, channel):
    """How a fee of an order stands."""

    def of(number, fee="installation"):
        with runtime.db.reading() as connection:
            book = fee_book(connection, channel.operator_id, number)
        return next(one for one in book.fees if one.fee == fee)

    return of


def all_at_once(jobs):
    """The outcome of each job, all begun at the same moment: what it returned, or the rules it broke."""
    barrier = Barrier(10)

    def run(job):
        barrier.wait(timeout=30)
        try:
            return job()
        except Refusal as refusal:
            return tuple(fault.rule for fault in refusal.faults)

    with ThreadPoolExecutor(10) as pool:
        return list(pool.map(run, jobs))


def test_fifty_refunds_at_once_never_exceed_what_was_paid(pay, place, account) -> None:
    number = place().number
    pay(number, 10_000, "P")
    outcomes = all_at_once([lambda n=n: pay(number, -900, f"R{n}") for n in range(AT_ONCE)])
    refused = [one for one in outcomes if one == ("payment.refund_exceeds",)]
    assert (len(outcomes) - len(refused), len(refused)) == (11, 39)
    stands = account(number)
    assert (stands.paid_fen, stands.refunded_fen) == (10_000, 9_900)
    # Each had the order to itself.
    assert sorted(one.version for one in outcomes if one not in refused) == list(range(3, 14))


def test_fifty_waivers_at_once_never_exceed_what_is_due(charge, place, account) -> None:
    number = place().number
    outcomes = all_at_once([lambda n=n: charge(number, -300, f"W{n}", reason="减免") for n in range(AT_ONCE)])
    assert outcomes.count(("charge.waiver_exceeds",)) == AT_ONCE - 33
    assert account(number).due_fen == 100


def test_fifty_identical_payments_at_once_are_one(pay, place, account, runtime) -> None:
    number = place().number
    outcomes = all_at_once([lambda: pay(number, 10_000, "P")] * AT_ONCE)
    assert Counter((one.version, one.repeated) for one in outcomes) == {(2, False): 1, (2, True): AT_ONCE - 1}
    assert account(number).paid_fen == 10_000
    with runtime.db.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM order_events WHERE kind = 'payment'")) == 1


def test_one_reference_for_fifty_orders_at_once_is_taken_by_one(pay, place, account, runtime) -> None:
    """The reference is not under any order's lock, so the loser finds it when it stores its own."""
    numbers = [place().number for _ in range(AT_ONCE)]
    outcomes = all_at_once([lambda number=number: pay(number, 500, "P") for number in numbers])
    won = [one for one in outcomes if not isinstance(one, tuple)]
    assert [one.repeated for one in won] == [False]
    assert outcomes.count(("payment.duplicate_reference",)) == AT_ONCE - 1
    assert sum(account(number).paid_fen for number in numbers) == 500
    with runtime.db.reading() as connection:
        versions = connection.scalars(select(Order.version)).all()
    assert Counter(versions) == {1: AT_ONCE - 1, 2: 1}


def test_each_is_a_change_of_the_order(pay, charge, place, runtime) -> None:
    """I7: an event each, with actor, time and reason, and a version of its own."""
    number = place().number
    at = clock.now() - timedelta(hours=2)
    charge(number, 20_000, "C-1", fee="deposit", reason="光猫押金", charged_at=at)
    pay(number, 20_000, "P-1", fee="deposit", method="wechat", paid_at=at)
    with runtime.db.reading() as connection:
        order = connection.execute(select(Order.version, Order.stage)).one()
        rows = connection.execute(select(OrderEvent.__table__).order_by(OrderEvent.id)).all()
    assert (order.version, order.stage) == (3, "accepted")
    assert [(row.order_version, row.kind, row.stage, row.reason_text) for row in rows] == [
        (1, "accepted", "accepted", None),
        (2, "charge", "accepted", "光猫押金"),
        (3, "payment", "accepted", None),
    ]
    assert rows[2].detail == {"fee": "deposit", "amount_fen": 20_000, "reference": "P-1"}
    assert (rows[2].actor, rows[2].occurred_at) == ("channel:app", at)


def test_a_payment_does_not_hold_up_the_stages(pay, place, runtime, actor) -> None:
    """Its time is no step's: a step that is told late may lie before it."""
    number = place(accepted_at=(clock.now() - timedelta(hours=3)).isoformat()).number
    pay(number, 10_000, "P")
    step = {"stage": "verified", "occurred_at": clock.now() - timedelta(hours=2)}
    assert record_progress(runtime, actor, number, step) == 3


def test_after_the_end_what_was_paid_is_to_be_given_back(pay, charge, place, runtime, actor, account) -> None:
    number = place().number
    pay(number, 10_000, "P")
    charge(number, 5_000, "C", fee="deposit")
    record_progress(runtime, actor, number, {"stage": "withdrawn", "reason_code": "no_longer_wanted"})
    assert (account(number).due_fen, account(number).to_return_fen) == (0, 10_000)
    assert account(number, "deposit").open_fen == 0
    for amount in (5_000, -5_000):
        with pytest.raises(Refusal, match=r"charge.order_ended"):
            charge(number, amount, "late", reason="x")
    # The same as before the end is no new charge.
    assert charge(number, 5_000, "C", fee="deposit").repeated
    # Money that comes all the same is recorded, and is to be given back too.
    pay(number, 700, "P-2")
    assert account(number).to_return_fen == 10_700
    pay(number, -10_700, "R")
    assert account(number).state == "refunded"


def test_a_fees_money_is_its_own(pay, place) -> None:
    number = place().number
    pay(number, 10_000, "P")
    with pytest.raises(Refusal, match=r"payment.refund_exceeds") as refused:
        pay(number, -1, "R", fee="deposit")
    assert refused.value.faults[0].params == {"most": "0"}


def test_another_operators_order_is_none(pay, place, runtime, channel) -> None:
    """I6, I7."""
    number = place().number
    request = {"fee": "installation", "amount_fen": 1, "reference": "P"}
    facts = runtime.reference.current()
    stranger = next(one for one in facts.channels.values() if one.operator_id != channel.operator_id)
    with pytest.raises(Refusal, match=r"order.not_found"):
        record_payment(runtime, Actor.of_channel(stranger), number, request)
    with pytest.raises(Refusal, match=r"order.not_found"):
        record_payment(runtime, Actor(stranger.operator_id, "console:import"), number, request)
    colleague = next(
        one
        for one in facts.channels.values()
        if one.operator_id == channel.operator_id and one.id != channel.id
    )
    with pytest.raises(Refusal, match=r"order.not_found"):
        record_payment(runtime, Actor.of_channel(colleague), number, request)
    # A reference is unique within an operator only.
    assert not pay(number, 1, "P").repeated
