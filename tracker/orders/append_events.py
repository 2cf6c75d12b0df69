"""Append to the history of orders that are locked, so that the feed tells each order's in its order."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, func, insert, select

from tracker.orders.models import OrderEvent
from tracker.orders.positions import POSITION

_events = OrderEvent.__table__
_before = _events.alias("before")
# A transaction that began to write first may come to an order last: its event stands with the one before
# it, not before it. A later place than the transaction's own is safe, an earlier one would not be.
_last_place = (
    select(func.max(_before.c.written_in))
    .where(_before.c.order_id == bindparam("of_order", type_=BigInteger))
    .scalar_subquery()
)
_APPEND = insert(_events).values(written_in=func.greatest(POSITION, _last_place))


def append_events(connection: Connection, events: Sequence[Mapping[str, Any]]) -> None:
    """Write these events, those of an order in their order. The first event of one needs none of this."""
    connection.execute(_APPEND, [{**event, "of_order": event["order_id"]} for event in events])
