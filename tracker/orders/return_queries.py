"""Reads of returns that were asked for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, tuple_

from tracker.orders.approval_rules import State
from tracker.orders.approvals import Requests
from tracker.orders.return_models import ReturnRequest
from tracker.orders.return_rules import BREACHES

_requests = ReturnRequest.__table__

RETURNS = Requests(_requests, BREACHES)


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
        RETURNS.with_order()
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
