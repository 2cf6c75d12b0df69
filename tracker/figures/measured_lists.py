"""The orders behind what is measured besides the on-time rate: counted, and read on from page to page."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Select, exists, func, select, true

from tracker.figures.measure_rules import Which
from tracker.figures.measures import orders_measured
from tracker.figures.on_time import Asked
from tracker.orders.models import MOVE_KINDS, OrderEvent
from tracker.orders.rules import REASONS, Cause, Stage


def count_measured(
    connection: Connection, which: Which, asked: Asked, now: datetime, cause: Cause | None = None
) -> int:
    """How many orders there are behind a figure; fewer than visits where one had several."""
    found = _behind(which, asked, now, cause).subquery("counted")
    return connection.scalar(select(func.count()).select_from(found)) or 0


def measured_orders(
    connection: Connection,
    which: Which,
    asked: Asked,
    now: datetime,
    *,
    cause: Cause | None = None,
    before_id: int | None = None,
    limit: int,
) -> tuple[Sequence[int], int | None]:
    """So many of the orders by id, the latest first, and the id to go on before; None at the end.

    `cause`: of those that were returned, for reasons of this one alone.
    """
    found = _behind(which, asked, now, cause).subquery("behind")
    wanted = select(found.c.order_id).order_by(found.c.order_id.desc()).limit(limit + 1)
    if before_id is not None:
        wanted = wanted.where(found.c.order_id < before_id)
    ids = connection.scalars(wanted).all()
    shown = ids[:limit]
    return shown, shown[-1] if len(ids) > limit else None


def _behind(which: Which, asked: Asked, now: datetime, cause: Cause | None) -> Select[tuple[int]]:
    every = orders_measured(which, asked, now)
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
    return select(returned.c.order_id).where(of_cause)
