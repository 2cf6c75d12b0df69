"""Which orders the net figure leaves out, by who approved the excuse and why: exact as of the question."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import Connection, and_, func, select, true, union

from tracker import clock
from tracker.figures.facts import facts_of, removed, within
from tracker.figures.keep_cells import unread_orders
from tracker.figures.models import FigureFact, FigureReading
from tracker.figures.on_time import Stretch
from tracker.figures.rules import WITHDRAWN
from tracker.promises.ledger import Kind
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
    facts = facts_of(union(known, unread_orders(read_to)).subquery("touched")).subquery("facts")
    latest = (
        select(PromiseEntry.actor)
        .where(PromiseEntry.order_id == facts.c.order_id, PromiseEntry.kind == Kind.EXCUSE)
        .order_by(PromiseEntry.number.desc())
        .limit(1)
        .lateral("latest_excuse")
    )
    orders = func.count().label("orders")
    why = removed(facts)
    found = (
        select(latest.c.actor, facts.c.excuse, orders)
        .join(latest, true())
        .where(and_(within(facts.c.deadline, begins, until), why.is_not(None), why != WITHDRAWN))
        .group_by(latest.c.actor, facts.c.excuse)
        .order_by(orders.desc(), latest.c.actor, facts.c.excuse)
    )
    if operator_id is not None:
        found = found.where(facts.c.operator_id == operator_id)
    return [Removed(row.actor, row.excuse, row.orders) for row in connection.execute(found)]
