"""Record money received for an order or given back, and what is due for it beside its plan's fees."""

from collections.abc import Mapping
from typing import Any

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.fee_rules import Kind
from tracker.orders.record_fees import Entry, Recorded, record_entries
from tracker.problems import Refusal
from tracker.runtime import Runtime


def record_payment(
    runtime: Runtime, actor: Actor, number: str, request: Mapping[str, Any], *, if_version: int | None = None
) -> Recorded:
    """Record one payment or refund, loaded by PaymentRequestSchema.

    The same under its reference again changes nothing. `if_version`: the version that the caller saw.
    Raises Refusal: order.not_found, version.stale, payment.duplicate_reference, or every rule broken.
    """
    return _record(runtime, actor, Entry(Kind.PAYMENT, number, request, if_version))


def record_charge(
    runtime: Runtime, actor: Actor, number: str, request: Mapping[str, Any], *, if_version: int | None = None
) -> Recorded:
    """Record one charge or waiver, loaded by ChargeRequestSchema; otherwise as `record_payment` does.

    Raises Refusal: order.not_found, version.stale, charge.duplicate_reference, or every rule broken.
    """
    return _record(runtime, actor, Entry(Kind.CHARGE, number, request, if_version))


def _record(runtime: Runtime, actor: Actor, entry: Entry) -> Recorded:
    with runtime.db.transaction() as connection:
        (outcome,) = record_entries(connection, actor, [entry], clock.now())
        if isinstance(outcome, Refusal):
            raise outcome
    return outcome
