"""Orders judged by their promises, read from what is recorded of them: slow, and right by what it reads."""

from datetime import datetime

from sqlalchemy import Connection, Subquery, func, select, union

from tracker.figures.facts import facts_of, net_on_time, on_time, removed, within
from tracker.figures.rules import Counts
from tracker.promises.models import Promise, PromiseEntry


def judged_orders(after: datetime, until: datetime) -> Subquery:
    """Orders with a deadline later than `after` and not later than `until`, each with how it did.

    `in_gross`: its first deadline lies there; `in_net`: the one that stands now does. `on_time`,
    `net_on_time`: connected by it. `removed`: why the net figure leaves it out, null where it does not.
    """
    touched = union(
        select(Promise.order_id).where(within(Promise.deadline, after, until)),
        select(PromiseEntry.order_id).where(within(PromiseEntry.deadline, after, until)),
    ).subquery("touched")
    facts = facts_of(touched, visits=False).subquery("facts")
    return select(
        facts.c.operator_id,
        within(facts.c.first_deadline, after, until).label("in_gross"),
        on_time(facts).label("on_time"),
        within(facts.c.deadline, after, until).label("in_net"),
        net_on_time(facts).label("net_on_time"),
        removed(facts).label("removed"),
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
        counts = Counts.of(row.removed, row.due, row.on_time, row.net_due, row.net_on_time)
        found[row.operator_id] = found.get(row.operator_id, Counts()) + counts
    return found
