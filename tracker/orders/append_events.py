"""Append to the history of orders that are locked (invariant I7), so that the feed tells each order's in its
order.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, bindparam, func, insert, select

from tracker.orders.models import OrderEvent
from tracker.orders.positions import POSITION
from tracker.orders.rules import Stage

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


def event_row(
    order: Row[Any],
    version: int,
    kind: str,
    *,
    actor: str,
    occurred_at: datetime,
    recorded_at: datetime,
    stage: Stage | None = None,
    reason_code: str | None = None,
    reason_text: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The row of an event that brings a locked order to `version`, and to another stage where one is given.

    `detail` may hold no personal data: events are shown and sent on.
    """
    return {
        "operator_id": order.operator_id,
        "channel_id": order.channel_id,
        "order_id": order.id,
        "order_version": version,
        "kind": kind,
        "stage": stage or order.stage,
        "reason_code": reason_code,
        "reason_text": reason_text,
        "detail": dict(detail or {}),
        "actor": actor,
        "occurred_at": occurred_at,
        "recorded_at": recorded_at,
    }
