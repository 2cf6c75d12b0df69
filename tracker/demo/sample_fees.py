"""Example money of orders: fees paid or still open, a deposit for the modem, a waiver, refunds."""

import random
from datetime import datetime, timedelta
from typing import Any

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.fee_queries import FeeBook, fee_book
from tracker.orders.fee_rules import METHODS
from tracker.orders.record_payment import record_charge, record_payment
from tracker.orders.standing import ENDED_EARLY
from tracker.runtime import Runtime

_DEPOSIT_FEN = 20000


def charge_and_pay(
    dice: random.Random, runtime: Runtime, actor: Actor, number: str, accepted_at: datetime
) -> None:
    """What the counter records with an order: most pay at once, some leave a deposit or get a waiver."""
    at = accepted_at + timedelta(minutes=5)
    kind = dice.choices(("plain", "deposit", "waiver", "unpaid"), (50, 20, 10, 20))[0]
    if kind == "deposit":
        _charge(runtime, actor, number, "deposit", _DEPOSIT_FEN, "光猫押金", at)
    if kind == "waiver":
        installation = _book(runtime, actor, number).fees[0]
        if installation.due_fen:
            _charge(
                runtime, actor, number, "installation", -(installation.due_fen // 2), "老客户减免一半", at
            )
    if kind != "unpaid":
        _pay_what_is_open(dice, runtime, actor, number, at)


def pay(runtime: Runtime, actor: Actor, number: str, accepted_at: datetime) -> None:
    """What is to be paid of an order of the past: nearly everybody has."""
    dice = random.Random(f"paid {accepted_at}")
    if dice.random() < 0.95:
        _pay_what_is_open(dice, runtime, actor, number, accepted_at + timedelta(minutes=5))


def _pay_what_is_open(dice: random.Random, runtime: Runtime, actor: Actor, number: str, at: datetime) -> None:
    for fee in _book(runtime, actor, number).fees:
        if fee.open_fen and not (fee.due_on and dice.random() < 0.4):
            _pay(runtime, actor, number, fee.fee, fee.open_fen, at, method=dice.choice(METHODS))


def give_back(dice: random.Random, runtime: Runtime, actor: Actor, number: str) -> None:
    """Most of what was paid for orders that ended early is given back by now, and a few deposits are."""
    book = _book(runtime, actor, number)
    for fee in book.fees:
        if book.stage in ENDED_EARLY and fee.to_return_fen and dice.random() < 0.7:
            _pay(
                runtime, actor, number, fee.fee, -fee.to_return_fen, clock.now(), reason="订单未装，原路退回"
            )
        elif book.stage == "completed" and fee.fee == "deposit" and fee.paid_fen and dice.random() < 0.5:
            _pay(runtime, actor, number, fee.fee, -fee.paid_fen, clock.now(), reason="免押金活动返还")


def _book(runtime: Runtime, actor: Actor, number: str) -> FeeBook:
    with runtime.db.reading() as connection:
        book = fee_book(connection, actor.operator_id, number)
    if book is None:
        raise AssertionError("the order was placed before it is charged for")
    return book


def _charge(
    runtime: Runtime, actor: Actor, number: str, fee: str, amount_fen: int, reason: str, at: datetime
) -> None:
    due_on = clock.local_date(at) + timedelta(days=7) if amount_fen > 0 else None
    request = {
        "fee": fee,
        "amount_fen": amount_fen,
        "reference": f"CHG-{number}-{fee}",
        "reason": reason,
        "due_on": due_on,
        "charged_at": at,
    }
    record_charge(runtime, actor, number, request)


def _pay(
    runtime: Runtime, actor: Actor, number: str, fee: str, amount_fen: int, at: datetime, **how: str
) -> None:
    kind = "PAY" if amount_fen > 0 else "RFD"
    request: dict[str, Any] = {
        "fee": fee,
        "amount_fen": amount_fen,
        "reference": f"{kind}-{number}-{fee}",
        "paid_at": at,
    }
    record_payment(runtime, actor, number, request | how)
