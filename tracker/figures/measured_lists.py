"""The orders behind what is measured besides the on-time rate: counted, and read on from page to page."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Select, func, select

from tracker.figures.measure_rules import CAUSES, What, Which
from tracker.figures.measured_orders import additions_of, measured
from tracker.figures.measures import orders_measured
from tracker.figures.on_time import Asked
from tracker.orders.rules import Cause


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
    code = next(code for code, one in CAUSES.items() if one is cause)
    added = additions_of(measured(every.subquery("returned")).subquery("measured"))
    return select(added.c.order_id).where(added.c.what == What.RETURNED, added.c.value == code).distinct()
