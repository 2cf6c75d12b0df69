"""Record money received for an order, or given back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.models import Order, Payment
from tracker.orders.rules import CLOCK_SKEW
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime


def record_payment(runtime: Runtime, actor: Actor, number: str, request: Mapping[str, Any]) -> None:
    """Record one payment, loaded by PaymentRequestSchema.

    Raises Refusal: order.not_found, payment.nothing, payment.in_the_future, or
    payment.duplicate_reference for a reference that the operator has used before.
    """
    now = clock.now()
    if request["amount_fen"] == 0:
        raise Refusal(Fault("payment.nothing", "/amount_fen"))
    if request["paid_at"] is not None and request["paid_at"] > now + CLOCK_SKEW:
        raise Refusal(Fault("payment.in_the_future", "/paid_at"))
    with runtime.db.transaction() as connection:
        wanted = select(Order.id).where(Order.number == number, Order.operator_id == actor.operator_id)
        if actor.channel_id is not None:
            wanted = wanted.where(Order.channel_id == actor.channel_id)
        order_id = connection.scalar(wanted)
        if order_id is None:
            raise Refusal(Fault("order.not_found"))
        statement = (
            insert(Payment)
            .values(
                operator_id=actor.operator_id,
                order_id=order_id,
                fee=request["fee"],
                amount_fen=request["amount_fen"],
                reference=request["reference"],
                paid_at=request["paid_at"] or now,
                actor=actor.label,
                recorded_at=now,
            )
            .on_conflict_do_nothing(index_elements=[Payment.operator_id, Payment.reference])
            .returning(Payment.id)
        )
        if connection.scalar(statement) is None:
            raise Refusal(Fault("payment.duplicate_reference", "/reference"))
