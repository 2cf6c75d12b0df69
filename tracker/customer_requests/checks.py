"""What must be true of a request before anything is done: the site that wrote it is not believed."""

from datetime import datetime
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import Connection, Row, exists, func, select

from tracker.customer_requests.models import CustomerRequest, LookupCode
from tracker.customer_requests.request import OrderRequest, Request
from tracker.customer_requests.rules import ACTIONS_WITHIN, MOST_ACTIONS, NEEDS_SESSION, Kind
from tracker.fields import StrictSchema
from tracker.orders.models import Order
from tracker.orders.rules import CLOCK_SKEW
from tracker.problems import Fault, Refusal, faults_in

_requests = CustomerRequest.__table__
_ACTIONS = sorted(NEEDS_SESSION - {Kind.UNDO})


def checked(connection: Connection, row: Row[Any], schema: StrictSchema, now: datetime) -> Request:
    """The request of a row.

    Raises Refusal: order.not_found for an order that is not the operator's, session.over, action.too_many,
    or everything that is wrong with the payload.
    """
    order = _order_of(connection, row)
    if row.kind in NEEDS_SESSION:
        _require_session(connection, row)
    if row.kind in _ACTIONS:
        _require_few(connection, row)
    try:
        payload = schema.load(row.payload)
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    asked_at = min(row.asked_at, now)
    if order is None:
        return Request(row.id, payload, asked_at)
    return OrderRequest(row.id, payload, asked_at, order)


def _order_of(connection: Connection, row: Row[Any]) -> Row[Any] | None:
    if row.order_id is None:
        return None
    order = connection.execute(
        select(Order.__table__).where(Order.id == row.order_id, Order.operator_id == row.operator_id)
    ).one_or_none()
    if order is None:
        raise Refusal(Fault("order.not_found"))
    return order


def _require_session(connection: Connection, row: Row[Any]) -> None:
    """A session of this order had begun, and had not ended, when it was asked for."""
    session = exists().where(
        LookupCode.session_digest == row.session_digest,
        LookupCode.order_id == row.order_id,
        # The site runs on machines whose clocks may differ a little.
        LookupCode.used_at <= row.asked_at + CLOCK_SKEW,
        LookupCode.session_ends_at > row.asked_at,
    )
    if not connection.scalar(select(session)):
        raise Refusal(Fault("session.over"))


def _require_few(connection: Connection, row: Row[Any]) -> None:
    before = connection.scalar(
        select(func.count()).where(
            _requests.c.order_id == row.order_id,
            _requests.c.id < row.id,
            _requests.c.kind.in_(_ACTIONS),
            _requests.c.asked_at > row.asked_at - ACTIONS_WITHIN,
        )
    )
    if before is not None and before >= MOST_ACTIONS:
        raise Refusal(Fault("action.too_many", "", {"most": MOST_ACTIONS}))
