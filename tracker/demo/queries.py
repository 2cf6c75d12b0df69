"""Reads for the demonstration."""

from typing import Any

from sqlalchemy import Connection, Row, select

from tracker.orders.models import Order
from tracker.orders.rules import Stage


def order_under_way(connection: Connection) -> Row[Any] | None:
    """An order with an appointment, else any that is not closed; number and sealed phone."""
    wanted = select(Order.number, Order.contact_phone).where(Order.closed_at.is_(None))
    appointed = connection.execute(
        wanted.where(Order.stage == Stage.APPOINTED).order_by(Order.id).limit(1)
    ).one_or_none()
    return appointed or connection.execute(wanted.order_by(Order.id).limit(1)).one_or_none()
