"""What a receipt tells of an order: nothing of it says who the customer is."""

from typing import Any

from sqlalchemy import Connection, Row, select, true

from tracker.orders.models import Order
from tracker.promises.models import Promise, PromiseEntry
from tracker.promises.standing import current, latest_entry

_LATEST = latest_entry(Order.id, PromiseEntry.deadline, PromiseEntry.provisional, PromiseEntry.explanation)
_RECEIPT = (
    select(
        Order.id,
        Order.number,
        Order.stage,
        Order.price,
        Order.plan_id,
        Order.channel_id,
        Order.accepted_at,
        Order.closed_at,
        current(_LATEST, "deadline"),
        current(_LATEST, "provisional"),
        current(_LATEST, "explanation"),
    )
    .join(Promise, Promise.order_id == Order.id)
    .outerjoin(_LATEST, true())
)


def receipt_of(connection: Connection, operator_id: int, number: str) -> Row[Any] | None:
    """One order of an operator with its promise as it stands; None for another's."""
    return connection.execute(
        _RECEIPT.where(Order.operator_id == operator_id, Order.number == number)
    ).one_or_none()
