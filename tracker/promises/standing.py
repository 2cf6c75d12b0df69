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


def current(latest: LateralFromClause, name: str) -> ColumnElement[Any]:
    """A column of the promise as it stands: deadline, provisional, explanation or rule."""
    return func.coalesce(latest.c[name], getattr(Promise, name)).label(name)
