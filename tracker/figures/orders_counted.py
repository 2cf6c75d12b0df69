"""The orders behind an on-time figure: just those that it counts, as of the moment they are asked for.

What `tracker.figures.on_time` sums is told here order by order: facts as they were read, and of orders whose
histories were not read yet the facts as they stand. So a list is as long as its figure says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    literal,
    not_,
    select,
    tuple_,
    union_all,
)

from tracker.figures.facts import facts_of, net_on_time, on_time, removed, within
from tracker.figures.keep_cells import unread_orders
from tracker.figures.models import FigureFact, FigureReading
from tracker.figures.on_time import Asked, narrowed

_facts = FigureFact.__table__


class Counted(StrEnum):
    """The figures of on-time rates: see `tracker.figures.rules.Counts`."""

    DUE = "due"
    ON_TIME = "on_time"
    LATE = "late"
    NET_DUE = "net_due"
    NET_ON_TIME = "net_on_time"
    NET_LATE = "net_late"
    REMOVED = "removed"


GROSS = frozenset({Counted.DUE, Counted.ON_TIME, Counted.LATE})


@dataclass(frozen=True)
class Behind:
    """Behind which order a list goes on: the deadline that it was counted by, and its id."""

    due_at: datetime
    order_id: int


def counted_orders(
    connection: Connection,
    asked: Asked,
    which: Counted,
    now: datetime,
    *,
    reason: str | None = None,
    behind: Behind | None = None,
    limit: int,
) -> tuple[Sequence[Row[Any]], Behind | None]:
    """So many of the orders, the last due first, and where to go on; None at the end.

    Each row has `order_id`, `due_at` (the first deadline for gross figures, the present one for net ones) and
    `removed`, why the net figure leaves it out. `reason`: of those that were REMOVED, for this one alone.
    """
    read_to = select(FigureReading.read_to).scalar_subquery()
    unread = unread_orders(read_to).cte("unread")
    known = _counted(_facts, asked, which, now, reason, behind)
    # By its list and not by a join, so that the index goes on telling in which order they were due.
    known = known.where(_facts.c.order_id.not_in(select(unread.c.order_id)))
    anew = facts_of(unread, visits=False).subquery("fresh")
    fresh = _counted(anew, asked, which, now, reason, behind)
    latest = [
        part.order_by(part.selected_columns.due_at.desc(), part.selected_columns.order_id.desc())
        .limit(limit + 1)
        .subquery()
        for part in (known, fresh)
    ]
    every = union_all(*(select(part) for part in latest)).subquery("every")
    wanted = select(every).order_by(every.c.due_at.desc(), every.c.order_id.desc()).limit(limit + 1)
    rows = connection.execute(wanted).all()
    shown = rows[:limit]
    if len(rows) <= limit:
        return shown, None
    return shown, Behind(shown[-1].due_at, shown[-1].order_id)


def _counted(
    facts: FromClause,
    asked: Asked,
    which: Counted,
    now: datetime,
    reason: str | None,
    behind: Behind | None,
) -> Select[Any]:
    due_at = facts.c.first_deadline if which in GROSS else facts.c.deadline
    first, last = asked.days.bounds
    why = removed(facts)
    wanted = select(facts.c.order_id, due_at.label("due_at"), why.label("removed")).where(
        within(due_at, first, min(last, now)),
        *_conditions(facts, why, which, reason),
        *narrowed(facts, asked),
    )
    if behind is not None:
        place = tuple_(literal(behind.due_at), literal(behind.order_id))
        wanted = wanted.where(due_at <= behind.due_at, tuple_(due_at, facts.c.order_id) < place)
    return wanted


def _conditions(
    facts: FromClause, why: ColumnElement[str], which: Counted, reason: str | None
) -> Sequence[ColumnElement[bool]]:
    match which:
        case Counted.DUE:
            return ()
        case Counted.ON_TIME:
            return (on_time(facts),)
        case Counted.LATE:
            return (not_(on_time(facts)),)
        case Counted.NET_DUE:
            return (why.is_(None),)
        case Counted.NET_ON_TIME:
            return why.is_(None), net_on_time(facts)
        case Counted.NET_LATE:
            return why.is_(None), not_(net_on_time(facts))
        case Counted.REMOVED:
            return (why.isnot(None) if reason is None else why == reason,)
