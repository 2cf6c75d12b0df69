"""The promise as it stands, as part of other reads: the latest line of the ledger, else the first promise."""

from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.selectable import LateralFromClause

from tracker.promises.models import Promise, PromiseEntry


def latest_entry(
    order_id: InstrumentedAttribute[int], *columns: InstrumentedAttribute[Any]
) -> LateralFromClause:
    """The newest ledger line of an order with these columns, to be outer-joined on true."""
    return (
        select(*columns)
        .where(PromiseEntry.order_id == order_id)
        .order_by(PromiseEntry.number.desc())
        .limit(1)
        .lateral("latest_entry")
    )


def latest_deadlines(order_id: InstrumentedAttribute[int]) -> LateralFromClause:
    """The newest ledger line with what `binding` reads of it."""
    return latest_entry(order_id, PromiseEntry.deadline, PromiseEntry.binding_deadline)


def binding(latest: LateralFromClause) -> ColumnElement[Any]:
    """The deadline that figures and compensation judge by (`ledger.replay_binding`)."""
    return func.coalesce(latest.c.binding_deadline, latest.c.deadline, Promise.deadline)


def current(latest: LateralFromClause, name: str) -> ColumnElement[Any]:
    """A column of the promise as it stands: deadline, provisional, explanation or rule."""
    return func.coalesce(latest.c[name], getattr(Promise, name)).label(name)
