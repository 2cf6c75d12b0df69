"""All that happened to one order, as its rows have it: events, and returns that were asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from tracker.orders.models import OrderEvent
from tracker.orders.return_queries import RETURNS
from tracker.promises.models import PromiseEntry

_EVENT = (
    select(
        OrderEvent.order_version,
        OrderEvent.kind,
        OrderEvent.stage,
        OrderEvent.reason_code,
        OrderEvent.reason_text,
        OrderEvent.detail,
        OrderEvent.actor,
        OrderEvent.occurred_at,
        OrderEvent.recorded_at,
        # Of a line of the promise ledger, what it says.
        PromiseEntry.starts_at,
        PromiseEntry.ends_at,
        PromiseEntry.lifts,
        PromiseEntry.evidence,
    )
    .outerjoin(
        PromiseEntry,
        (PromiseEntry.order_id == OrderEvent.order_id)
        & (PromiseEntry.number == OrderEvent.detail["entry"].as_integer()),
    )
    .order_by(OrderEvent.order_version)
)


@dataclass(frozen=True)
class History:
    """The events of an order in their order, and the returns that were asked for."""

    events: Sequence[Row[Any]]
    returns: Sequence[Row[Any]]


def history_of(connection: Connection, operator_id: int, order_id: int) -> History:
    """Everything there is of an operator's order; nothing of it is personal."""
    events = connection.execute(
        _EVENT.where(OrderEvent.order_id == order_id, OrderEvent.operator_id == operator_id)
    ).all()
    return History(events, RETURNS.of_order(connection, operator_id, order_id))


def events_since(connection: Connection, operator_id: int, order_id: int, version: int) -> Sequence[Row[Any]]:
    """What brought an order on since it had this version."""
    return connection.execute(
        _EVENT.where(
            OrderEvent.order_id == order_id,
            OrderEvent.operator_id == operator_id,
            OrderEvent.order_version > version,
        )
    ).all()


def last_event(connection: Connection, operator_id: int, order_id: int) -> Row[Any]:
    """What happened to an order last; every order has been accepted."""
    return connection.execute(
        _EVENT.where(OrderEvent.order_id == order_id, OrderEvent.operator_id == operator_id)
        .order_by(None)
        .order_by(OrderEvent.order_version.desc())
        .limit(1)
    ).one()
