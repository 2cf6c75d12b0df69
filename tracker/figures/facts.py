"""What figures need to know of an order, and what follows from it: the one place for both.

`facts_of` reads it from the order, its promise and its history; `FigureFact` keeps it, a row an order.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, false, func, or_, select, true

from tracker.figures.rules import WITHDRAWN
from tracker.figures.steps import steps_of, visits_of
from tracker.orders.models import Order
from tracker.places.models import Division
from tracker.promises.ledger import Kind
from tracker.promises.models import Promise, PromiseEntry
from tracker.promises.standing import binding, latest_deadlines

_COUNTY_DIGITS = 6
_RURAL = "rural"
_order_id = Order.__table__.c.id


def facts_of(touched: FromClause, *, visits: bool = True) -> Select[Any]:
    """The facts of the orders in `touched.order_id`, as they stand: columns as those of `FigureFact`, its
    visits only where they are asked for, since to read them is most of the work.
    """
    latest = latest_deadlines(Promise.order_id)
    deadline = binding(latest)
    steps = steps_of(_order_id)
    facts = (
        select(
            Order.id.label("order_id"),
            Order.operator_id,
            func.left(Order.community_code, _COUNTY_DIGITS).label("county"),
            (Division.kind == _RURAL).label("rural"),
            Order.channel_id,
            Order.customer_kind,
            Order.dealer,
            Order.team_id,
            Order.installer_id,
            Order.accepted_at,
            Promise.deadline.label("first_deadline"),
            deadline.label("deadline"),
            steps.c.connected_at,
            steps.c.withdrawn_at,
            _excuse(deadline).label("excuse"),
            steps.c.responded_at,
            steps.c.completed_at,
            steps.c.returned_at,
            steps.c.return_cause,
            steps.c.on_sites,
        )
        .join(Promise, Promise.order_id == Order.id)
        .join(Division, Division.code == Order.community_code)
        .join(touched, touched.c.order_id == Order.id)
        .outerjoin(latest, true())
        .join(steps, true())
    )
    if not visits:
        return facts
    agreed = visits_of(_order_id)
    return facts.add_columns(agreed.c.visit_ends, agreed.c.visits_kept, agreed.c.visits_until).join(
        agreed, true()
    )


def within(deadline: ColumnElement[datetime], after: Any, until: Any) -> ColumnElement[bool]:
    """Whether a deadline lies in a stretch: later than its beginning, and not later than its end."""
    return and_(deadline > after, deadline <= until)


def on_time(facts: FromClause) -> ColumnElement[bool]:
    """Connected by the first promise."""
    return func.coalesce(facts.c.connected_at <= facts.c.first_deadline, false())


def net_on_time(facts: FromClause) -> ColumnElement[bool]:
    """Connected by the promise as it stands, and no date given anew moves."""
    return func.coalesce(facts.c.connected_at <= facts.c.deadline, false())


def removed(facts: FromClause) -> ColumnElement[str]:
    """Why the net figure leaves an order out: withdrawn, or the code of a reason; null where it does not."""
    return case(
        (facts.c.withdrawn_at <= facts.c.deadline, WITHDRAWN),
        (~net_on_time(facts), facts.c.excuse),
    )


def excuses_before(deadline: Any) -> ColumnElement[bool]:
    """Of lines of the promise ledger, those that excuse that this deadline was missed: a delay that began
    after it is left out of the compensation, but is not why the order was late.
    """
    began = or_(PromiseEntry.starts_at.is_(None), PromiseEntry.starts_at < deadline)
    return and_(PromiseEntry.kind == Kind.EXCUSE, began)


def _excuse(deadline: ColumnElement[Any]) -> ColumnElement[str]:
    """The reason of the latest recorded delay for which the operator is not to blame."""
    return (
        select(PromiseEntry.reason_code)
        .where(PromiseEntry.order_id == Order.id, excuses_before(deadline))
        .order_by(PromiseEntry.number.desc())
        .limit(1)
        .scalar_subquery()
    )
