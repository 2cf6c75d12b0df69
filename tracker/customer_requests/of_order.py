"""What was asked for on the public site about one order, for its operator's staff."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from tracker.customer_requests.models import CustomerRequest

_requests = CustomerRequest.__table__


def requests_of_order(
    connection: Connection, operator_id: int, order_id: int, *, limit: int
) -> Sequence[Row[Any]]:
    """The latest of an order's requests, the latest first, without whose session it was."""
    return connection.execute(
        select(
            _requests.c.id,
            _requests.c.kind,
            _requests.c.payload,
            _requests.c.asked_at,
            _requests.c.state,
            _requests.c.applied_at,
            _requests.c.due_at,
            _requests.c.refusal,
        )
        .where(_requests.c.order_id == order_id, _requests.c.operator_id == operator_id)
        .order_by(_requests.c.id.desc())
        .limit(limit)
    ).all()
