"""Reads of what was charged and paid for orders."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    Date,
    Row,
    String,
    bindparam,
    func,
    literal,
    null,
    select,
)

from tracker.orders.fee_rules import Kind
from tracker.orders.fee_sums import Charged, FeeSum, Paid, Totals, fee_sums, opening_totals
from tracker.orders.models import Charge, Order, Payment
from tracker.orders.standing import ENDED_EARLY

# Built once: these answer every request for an order.
_OF_ORDERS = bindparam("orders", type_=ARRAY(BigInteger))
_ENTRIES = (
    select(
        literal(Kind.CHARGE.value, String).label("kind"),
        Charge.order_id,
        Charge.id,
        Charge.fee,
        Charge.amount_fen,
        Charge.due_on,
        Charge.reason,
    )
    .where(Charge.order_id == func.any(_OF_ORDERS))
    .union_all(
        select(
            literal(Kind.PAYMENT.value, String),
            Payment.order_id,
            Payment.id,
            Payment.fee,
            Payment.amount_fen,
            null().cast(Date),
            Payment.reason,
        ).where(Payment.order_id == func.any(_OF_ORDERS))
    )
)


@dataclass(frozen=True)
class FeeBook:
    """How the fees of an order stand, and every charge and payment of it, in the order they were recorded."""

    number: str
    version: int
    stage: str
    fees: list[FeeSum]
    charges: Sequence[Row[Any]]
    payments: Sequence[Row[Any]]


def fees_of(connection: Connection, orders: Collection[Row[Any]]) -> dict[int, list[FeeSum]]:
    """How the fees of orders stand, by their id; of each its `id`, `price` and `stage` are read."""
    charges: dict[int, list[Charged]] = {order.id: [] for order in orders}
    payments: dict[int, list[Paid]] = {order.id: [] for order in orders}
    for row in _entries(connection, charges):
        if row.kind == Kind.CHARGE:
            charges[row.order_id].append(Charged(row.fee, row.amount_fen, row.due_on, row.reason))
        else:
            payments[row.order_id].append(Paid(row.fee, row.amount_fen))
    return {
        order.id: fee_sums(
            order.price, charges[order.id], payments[order.id], ended_early=order.stage in ENDED_EARLY
        )
        for order in orders
    }


def totals_of(connection: Connection, orders: Collection[Row[Any]]) -> dict[int, dict[str, Totals]]:
    """What was asked for and paid of each fee of orders, by their id, to be counted on."""
    found = {order.id: opening_totals(order.price) for order in orders}
    for row in _entries(connection, found):
        totals = found[row.order_id][row.fee]
        if row.kind == Kind.CHARGE:
            totals.charge(row.amount_fen)
        else:
            totals.pay(row.amount_fen)
    return found


def fee_book(
    connection: Connection, operator_id: int, number: str, *, channel_id: int | None = None
) -> FeeBook | None:
    """The account of one order of an operator, or of one of its channels; None if it has no such order."""
    wanted = select(Order.id, Order.number, Order.version, Order.stage, Order.price).where(
        Order.operator_id == operator_id, Order.number == number
    )
    if channel_id is not None:
        wanted = wanted.where(Order.channel_id == channel_id)
    order = connection.execute(wanted).one_or_none()
    if order is None:
        return None
    charges, payments = (
        connection.execute(select(table).where(table.c.order_id == order.id).order_by(table.c.id)).all()
        for table in (Charge.__table__, Payment.__table__)
    )
    fees = fee_sums(
        order.price,
        [Charged(row.fee, row.amount_fen, row.due_on, row.reason) for row in charges],
        [Paid(row.fee, row.amount_fen) for row in payments],
        ended_early=order.stage in ENDED_EARLY,
    )
    return FeeBook(order.number, order.version, order.stage, fees, charges, payments)


def _entries(connection: Connection, orders: Mapping[int, Any]) -> Sequence[Row[Any]]:
    """Charges and payments of orders, each kind in the order they were recorded."""
    rows = connection.execute(_ENTRIES, {"orders": list(orders)}).all()
    return sorted(rows, key=lambda row: row.id)
