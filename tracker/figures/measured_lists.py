"""What is behind each thing measured besides the on-time rate: counted, and read on from page to page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, Select, exists, func, literal, select, true, tuple_

from tracker.figures.measure_rules import Which
from tracker.figures.measures import behind_measured
from tracker.figures.on_time import Asked
from tracker.orders.models import MOVE_KINDS, OrderEvent
from tracker.orders.rules import REASONS, Cause, Stage


@dataclass(frozen=True)
class Place:
    """Behind what a list goes on: an order, and which visit of it."""

    order_id: int
    number: int = 0


def count_measured(
    connection: Connection, which: Which, asked: Asked, now: datetime, cause: Cause | None = None
) -> int:
    """How many orders there are behind a figure, or visits behind one of visits."""
    found = _behind(which, asked, now, cause).subquery("counted")
    return connection.scalar(select(func.count()).select_from(found)) or 0


def measured_orders(
    connection: Connection,
    which: Which,
    asked: Asked,
    now: datetime,
    *,
    cause: Cause | None = None,
    behind: Place | None = None,
    limit: int,
) -> tuple[Sequence[Row[Any]], Place | None]:
    """So many of the orders or visits, the latest order first, and where to go on; None at the end.

    Each row has `order_id`, and of visits `number`, `ends_at` and `kept` as `behind_measured` tells them.
    `cause`: of orders that were returned, for reasons of this one alone.
    """
    found = _behind(which, asked, now, cause).subquery("measured")
    place = (found.c.order_id, found.c.number)
    wanted = select(found).order_by(*(column.desc() for column in place)).limit(limit + 1)
    if behind is not None:
        # The first by itself too, for an index to begin there.
        wanted = wanted.where(
            found.c.order_id <= behind.order_id,
            tuple_(*place) < tuple_(literal(behind.order_id, BigInteger), literal(behind.number, BigInteger)),
        )
    rows = connection.execute(wanted).all()
    shown = rows[:limit]
    return shown, Place(shown[-1].order_id, shown[-1].number) if len(rows) > limit else None


def _behind(which: Which, asked: Asked, now: datetime, cause: Cause | None) -> Select[Any]:
    every = behind_measured(which, asked, now)
    if which is not Which.RETURNED or cause is None:
        return every
    returned = every.subquery("returned")
    others = [reason.code for reason in REASONS.values() if reason.cause is not cause]
    of_cause = exists().where(
        OrderEvent.order_id == returned.c.order_id,
        OrderEvent.kind.in_(MOVE_KINDS),
        OrderEvent.stage == Stage.RETURNED,
        OrderEvent.reason_code.in_([reason.code for reason in REASONS.values() if reason.cause is cause])
        if cause is not Cause.OTHER
        else func.coalesce(OrderEvent.reason_code.not_in(others), true()),
    )
    return select(returned).where(of_cause)
