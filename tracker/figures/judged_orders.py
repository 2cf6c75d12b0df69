"""Orders judged by their promises, as `tracker.figures.rules` says: the one place for every figure."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, false, func, select, true, union

from tracker.figures.rules import WITHDRAWN, Counts
from tracker.orders.models import MOVE_KINDS, Order, OrderEvent
from tracker.orders.rules import Stage
from tracker.promises.ledger import Kind
from tracker.promises.models import Promise, PromiseEntry
from tracker.promises.standing import current, latest_entry


def judged_orders(after: datetime, until: datetime) -> Subquery:
    """Orders with a deadline later than `after` and not later than `until`, each with how it did.

    `in_gross`: its first deadline lies there; `in_net`: the one that stands now does. `on_time`,
    `net_on_time`: connected by it. `removed`: why the net figure leaves it out, null where it does not.
    """

    def lies_there(deadline: ColumnElement[datetime]) -> ColumnElement[bool]:
        return and_(deadline > after, deadline <= until)

    touched = union(
        select(Promise.order_id).where(lies_there(Promise.deadline)),
        select(PromiseEntry.order_id).where(lies_there(PromiseEntry.deadline)),
    ).subquery("touched")
    latest = latest_entry(Promise.order_id, PromiseEntry.deadline)
    connected_at = _reached(Stage.ACTIVATED)
    standing = (
        select(
            Order.operator_id,
            Promise.deadline.label("first_deadline"),
            current(latest, "deadline"),
            connected_at.label("connected_at"),
            _reached(Stage.WITHDRAWN).label("withdrawn_at"),
            _excuse().label("excuse"),
        )
        .join(Promise, Promise.order_id == Order.id)
        .join(touched, touched.c.order_id == Order.id)
        .outerjoin(latest, true())
        .subquery("standing")
    )
    net_on_time = func.coalesce(standing.c.connected_at <= standing.c.deadline, false())
    return select(
        standing.c.operator_id,
        lies_there(standing.c.first_deadline).label("in_gross"),
        func.coalesce(standing.c.connected_at <= standing.c.first_deadline, false()).label("on_time"),
        lies_there(standing.c.deadline).label("in_net"),
        net_on_time.label("net_on_time"),
        case(
            (standing.c.withdrawn_at <= standing.c.deadline, WITHDRAWN),
            (~net_on_time, standing.c.excuse),
        ).label("removed"),
    ).subquery("judged")


def count_orders(connection: Connection, after: datetime, until: datetime) -> dict[int, Counts]:
    """The counts of each operator that had any, for deadlines after `after` and not after `until`."""
    judged = judged_orders(after, until)
    wanted = select(
        judged.c.operator_id,
        judged.c.removed,
        func.count().filter(judged.c.in_gross).label("due"),
        func.count().filter(judged.c.in_gross, judged.c.on_time).label("on_time"),
        func.count().filter(judged.c.in_net).label("net_due"),
        func.count().filter(judged.c.in_net, judged.c.net_on_time).label("net_on_time"),
    ).group_by(judged.c.operator_id, judged.c.removed)
    found: dict[int, Counts] = {}
    for row in connection.execute(wanted):
        if row.removed is None:
            counts = Counts(row.due, row.on_time, row.net_due, row.net_on_time)
        else:
            counts = Counts(row.due, row.on_time, removed={row.removed: row.net_due} if row.net_due else {})
        found[row.operator_id] = found.get(row.operator_id, Counts()) + counts
    return found


def _reached(stage: Stage) -> ColumnElement[datetime]:
    """When an order came to a stage that it comes to once."""
    return (
        select(func.min(OrderEvent.occurred_at))
        .where(OrderEvent.order_id == Order.id, OrderEvent.kind.in_(MOVE_KINDS), OrderEvent.stage == stage)
        .correlate(Order)
        .scalar_subquery()
    )


def _excuse() -> ColumnElement[str]:
    """The reason of the latest recorded delay that was not the operator's doing."""
    return (
        select(PromiseEntry.reason_code)
        .where(PromiseEntry.order_id == Order.id, PromiseEntry.kind == Kind.EXCUSE)
        .order_by(PromiseEntry.number.desc())
        .limit(1)
        .correlate(Order)
        .scalar_subquery()
    )
