"""Which orders the net figure leaves out for an excuse, and for which: exact as of the question."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, exists, func, select, true, union

from tracker import clock
from tracker.figures.facts import excuses_before, facts_of, removed, within
from tracker.figures.keep_cells import unread_orders
from tracker.figures.models import FigureFact, FigureReading
from tracker.figures.on_time import Stretch
from tracker.figures.rules import WITHDRAWN
from tracker.promises.models import PromiseEntry


@dataclass(frozen=True)
class Removed:
    """So many orders were left out of the net figure by excuses that somebody approved for one reason."""

    approver: str
    reason_code: str
    orders: int


def removed_by_approver(
    connection: Connection, operator_id: int | None, period: Stretch, now: datetime
) -> list[Removed]:
    """Orders whose promise fell due on these days and that an excuse removed, most first.

    Of one operator, or of all. It adds up to what `on_time_figures` removes by reasons: an order counts once,
    for the latest of its excuses. Days are of the city's calendar, to which 24:00 of the last belongs.
    """
    begins = datetime.combine(period.first_on, time(0), clock.CITY_ZONE)
    ends = datetime.combine(period.last_on + timedelta(days=1), time(0), clock.CITY_ZONE)
    until = min(ends, now)
    known = select(FigureFact.order_id).where(
        FigureFact.excuse.is_not(None), FigureFact.deadline > begins, FigureFact.deadline <= until
    )
    if operator_id is not None:
        known = known.where(FigureFact.operator_id == operator_id)
    read_to = select(FigureReading.read_to).scalar_subquery()
    touched = union(known, unread_orders(read_to)).subquery("touched")
    facts = facts_of(touched, visits=False).subquery("facts")
    latest = (
        select(PromiseEntry.actor)
        .where(PromiseEntry.order_id == facts.c.order_id, excuses_before(facts.c.deadline))
        .order_by(PromiseEntry.number.desc())
        .limit(1)
        .lateral("latest_excuse")
    )
    orders = func.count().label("orders")
    found = (
        select(latest.c.actor, facts.c.excuse, orders)
        .join(latest, true())
        .where(within(facts.c.deadline, begins, until), _is_removed(facts))
        .group_by(latest.c.actor, facts.c.excuse)
        .order_by(orders.desc(), latest.c.actor, facts.c.excuse)
    )
    if operator_id is not None:
        found = found.where(facts.c.operator_id == operator_id)
    return [Removed(row.actor, row.excuse, row.orders) for row in connection.execute(found)]


def removing(requests: FromClause, order_ids: Select[Any], now: datetime) -> ColumnElement[bool]:
    """Whether a row of `requests` is the excuse for which the net figure leaves its order out: its latest.

    `order_ids`: the orders that may be asked about. Of a day that is not over those are left out that were
    due by now.
    """
    touched = order_ids.subquery("touched")
    wanted = select(touched.c.order_id)
    unread = unread_orders(select(FigureReading.read_to).scalar_subquery()).cte("unread")
    read = FigureFact.__table__
    known = select(read.c.order_id, read.c.deadline).where(
        read.c.order_id.in_(wanted), read.c.order_id.not_in(select(unread.c.order_id))
    )
    anew = select(unread.c.order_id).where(unread.c.order_id.in_(wanted)).subquery("anew")
    fresh = facts_of(anew, visits=False).subquery("fresh")
    left_out = known.where(read.c.deadline <= now, _is_removed(read)).union_all(
        select(fresh.c.order_id, fresh.c.deadline).where(fresh.c.deadline <= now, _is_removed(fresh))
    )
    orders = left_out.subquery("left_out")
    latest = (
        select(func.max(PromiseEntry.number))
        .where(PromiseEntry.order_id == orders.c.order_id, excuses_before(orders.c.deadline))
        .scalar_subquery()
    )
    return exists().where(orders.c.order_id == requests.c.order_id, latest == requests.c.entry)


def _is_removed(facts: FromClause) -> ColumnElement[bool]:
    """Left out of the net figure, and not because the customer withdrew."""
    why = removed(facts)
    return and_(why.is_not(None), why != WITHDRAWN)
