"""What is measured of orders, read from what is recorded of each: slow, and right by what it reads."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, FromClause, and_, case, cast, func, or_, select

from tracker.figures.cells import Signed
from tracker.figures.facts import facts_of
from tracker.figures.measure_rules import Tally, What
from tracker.figures.on_time import Asked, key_of, narrowed
from tracker.figures.periods import Stretch
from tracker.figures.tallies import is_open, things_of
from tracker.orders.models import Order

# Of each thing that orders add, the column that says when it happened.
MOMENTS = {
    What.CONNECTED: "connected_at",
    What.RESPONDED: "responded_at",
    What.COMPLETED: "completed_at",
    What.RETURNED: "returned_at",
}


def touched(facts: FromClause, what: What, days: Stretch) -> Sequence[ColumnElement[bool]]:
    """Conditions, along indexes, of all orders that add something on these days; of visits also of some whose
    time ends later.
    """
    if what is What.OPEN:
        return is_open(facts)
    begins, ends = days.bounds
    if what is What.VISIT:
        return [facts.c.visits_until > begins]
    at = facts.c[MOMENTS[what]]
    return [at >= begins, at < ends]


def happened(things: FromClause, asked: Asked, now: datetime) -> ColumnElement[bool]:
    """Whether what orders add counts in what is asked: of these days, and visits once their time is over."""
    within = things.c.on_day.between(asked.days.first_on, asked.days.last_on)
    over = or_(things.c.what != What.VISIT, things.c.at <= now)
    is_open = things.c.what == What.OPEN
    return and_(or_(and_(within, over), is_open), *narrowed(things, asked))


def tally_plainly(connection: Connection, asked: Asked, now: datetime) -> dict[Any, list[Tally]]:
    """What every order adds, by value of the split: seconds of work for a hundred thousand of them."""
    every = select(Order.id.label("order_id")).subquery("every")
    things = things_of(Signed(facts_of(every).cte("facts"), 1))
    key = key_of(things, asked, things.c.on_day).label("key")
    cause = case((things.c.what == What.RETURNED, things.c.value), else_=0).label("cause")

    def rank(share: float) -> ColumnElement[int]:
        return func.percentile_disc(share).within_group(things.c.value)

    wanted = (
        select(
            key,
            things.c.what,
            cause,
            func.count(),
            func.sum(things.c.good),
            cast(func.sum(things.c.seconds), BigInteger),
            rank(0.5),
            rank(0.9),
        )
        .where(happened(things, asked, now))
        .group_by(key, things.c.what, cause)
    )
    found: dict[Any, list[Tally]] = {}
    for value, what, *told in connection.execute(wanted):
        found.setdefault(value, []).append(Tally(What(what), *told))
    return found
