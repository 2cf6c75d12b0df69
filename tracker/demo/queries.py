"""Reads for the demonstration."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, or_, select

from tracker.complaints.models import Complaint
from tracker.orders.models import Order
from tracker.orders.return_models import ReturnRequest
from tracker.orders.rules import Stage
from tracker.promises.models import Promise, PromiseEntry

_TROUBLED = or_(
    exists().where(PromiseEntry.order_id == Order.id),
    exists().where(ReturnRequest.order_id == Order.id),
    exists().where(Complaint.order_id == Order.id),
)


def imported_orders(connection: Connection, channel_id: int, mark: str) -> Sequence[Row[Any]]:
    """Number and time of acceptance of the example orders whose references begin with a mark, and of which
    nothing has been told yet.
    """
    return connection.execute(
        select(Order.number, Order.accepted_at)
        .where(
            Order.channel_id == channel_id,
            Order.stage == Stage.ACCEPTED,
            Order.external_reference.startswith(mark, autoescape=True),
        )
        .order_by(Order.id)
    ).all()


def order_under_way(connection: Connection, now: datetime) -> Row[Any] | None:
    """Number and sealed phone of an open order, best of one that is in time, without trouble, and has an
    appointment to come; None where all are closed.
    """
    return connection.execute(
        select(Order.number, Order.contact_phone)
        .join(Promise, Promise.order_id == Order.id)
        .where(Order.closed_at.is_(None))
        .order_by(
            _TROUBLED,
            Promise.deadline < func.greatest(now, Order.appointment_ends_at),
            Order.stage != Stage.APPOINTED,
            Order.appointment_starts_at < now,
            Order.id,
        )
        .limit(1)
    ).one_or_none()
