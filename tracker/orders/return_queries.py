"""Reads of returns that were asked for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, select, tuple_

from tracker.orders.models import Order
from tracker.orders.return_models import ReturnRequest
from tracker.orders.return_rules import State

_requests = ReturnRequest.__table__


def _with_order() -> Select[Any]:
    """Requests with how their orders stand now."""
    return select(
        *_requests.c,
        Order.number,
        Order.version.label("order_version"),
        Order.stage.label("order_stage"),
        Order.community_code,
    ).join(Order, Order.id == _requests.c.order_id)


def open_returns(connection: Connection, operator_id: int, limit: int) -> tuple[Sequence[Row[Any]], bool]:
    """What waits for a decision, the longest first, and whether there is more."""
    rows = connection.execute(
        _with_order()
        .where(_requests.c.operator_id == operator_id, _requests.c.state == State.OPEN)
        .order_by(_requests.c.id)
        .limit(limit + 1)
    ).all()
    return rows[:limit], len(rows) > limit


def returns_to_decide(connection: Connection, operator_id: int, label: str) -> bool:
    """Whether anything waits that this person may decide on."""
    waiting = exists().where(
        _requests.c.operator_id == operator_id,
        _requests.c.state == State.OPEN,
        _requests.c.asked_by != label,
    )
    return bool(connection.scalar(select(waiting)))


def decided_returns(
    connection: Connection,
    operator_id: int,
    *,
    decided_by: str | None,
    before: tuple[datetime, int] | None,
    limit: int,
) -> tuple[Sequence[Row[Any]], tuple[datetime, int] | None]:
    """What was decided, by whom one names, the latest first; and the place to go on below."""
    wanted = (
        _with_order()
        .where(
            _requests.c.operator_id == operator_id,
            _requests.c.state.in_((State.APPROVED, State.REFUSED)),
        )
        .order_by(_requests.c.decided_at.desc(), _requests.c.id.desc())
        .limit(limit + 1)
    )
    if decided_by is not None:
        wanted = wanted.where(_requests.c.decided_by == decided_by)
    if before is not None:
        wanted = wanted.where(tuple_(_requests.c.decided_at, _requests.c.id) < tuple_(*before))
    rows = connection.execute(wanted).all()
    shown = rows[:limit]
    return shown, (shown[-1].decided_at, shown[-1].id) if len(rows) > limit else None


def return_request(connection: Connection, operator_id: int, request_id: int) -> Row[Any] | None:
    """One request of an operator with its order; None for another's."""
    return connection.execute(
        _with_order().where(_requests.c.id == request_id, _requests.c.operator_id == operator_id)
    ).one_or_none()


def number_of_request(connection: Connection, operator_id: int, request_id: int) -> str | None:
    """The number of the order whose return an operator's request asks for; None for another's request."""
    return connection.scalar(
        select(Order.number)
        .join(_requests, _requests.c.order_id == Order.id)
        .where(_requests.c.id == request_id, _requests.c.operator_id == operator_id)
    )


def returns_of_order(connection: Connection, operator_id: int, order_id: int) -> Sequence[Row[Any]]:
    """Every return that was asked for of an order, the earliest first."""
    return connection.execute(
        select(_requests)
        .where(_requests.c.order_id == order_id, _requests.c.operator_id == operator_id)
        .order_by(_requests.c.id)
    ).all()
