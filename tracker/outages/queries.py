"""Reads of outages for an operator's staff, and of the places that they name."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, not_, or_, select

from tracker.outages.areas import Division, Places
from tracker.outages.models import Outage, OutageEvent
from tracker.outages.rules import Kind
from tracker.places.models import Division as DivisionRow

_outages = Outage.__table__
_events = OutageEvent.__table__

STATES = ("now", "coming", "past", "withdrawn")


def read_places(connection: Connection) -> Places:
    """Every division of the city."""
    columns = (DivisionRow.code, DivisionRow.name, DivisionRow.level, DivisionRow.parent_code)
    return Places(Division(*row) for row in connection.execute(select(*columns)))


def outage_row(connection: Connection, operator_id: int, outage_id: int) -> Row[Any] | None:
    """One outage of an operator's."""
    wanted = select(_outages).where(_outages.c.id == outage_id, _outages.c.operator_id == operator_id)
    return connection.execute(wanted).one_or_none()


def history(connection: Connection, outage_id: int) -> Sequence[Row[Any]]:
    """What became of it, the latest first."""
    wanted = select(_events).where(_events.c.outage_id == outage_id).order_by(_events.c.id.desc())
    return connection.execute(wanted).all()


def outage_page(
    connection: Connection,
    operator_id: int,
    now: datetime,
    *,
    state: str | None,
    kind: str | None,
    limit: int,
    skip: int,
) -> tuple[Sequence[Row[Any]], bool]:
    """A page of an operator's outages, and whether there are more.

    What is under way stands first, then what comes, the next one first; then the rest, the latest first.
    """
    at = func.cast(now, _outages.c.starts_at.type)
    open_ = and_(_outages.c.withdrawn_at.is_(None), _outages.c.restored_at.is_(None))
    ended = and_(_outages.c.kind == Kind.PLANNED, _outages.c.ends_at <= at)
    under_way = and_(open_, _outages.c.starts_at <= at, not_(func.coalesce(ended, False)))
    coming = and_(open_, _outages.c.starts_at > at)
    withdrawn = _outages.c.withdrawn_at.isnot(None)
    of_state = {
        "now": under_way,
        "coming": coming,
        "past": not_(or_(under_way, coming, withdrawn)),
        "withdrawn": withdrawn,
    }
    wanted = select(_outages).where(_outages.c.operator_id == operator_id)
    if state is not None:
        wanted = wanted.where(of_state[state])
    if kind is not None:
        wanted = wanted.where(_outages.c.kind == kind)
    seconds = func.extract("epoch", _outages.c.starts_at)
    rows = connection.execute(
        wanted.order_by(
            under_way.desc(),
            coming.desc(),
            func.abs(seconds - func.extract("epoch", at)),
            _outages.c.id.desc(),
        )
        .limit(limit + 1)
        .offset(skip)
    ).all()
    return rows[:limit], len(rows) > limit
