"""What is measured of orders, read from what is recorded of each: slow, and right by what it reads."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    FromClause,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)

from tracker.figures.cells import HANDS, Signed, hand_name
from tracker.figures.facts import facts_of
from tracker.figures.measure_rules import Tally, What
from tracker.figures.on_time import Asked
from tracker.figures.tallies import things_of
from tracker.orders.models import Order

TIMES = ("week", "month")


def happened(things: FromClause, asked: Asked, now: datetime) -> ColumnElement[bool]:
    """Whether what orders add counts in what is asked: of these days, and visits once their time is over."""
    within = things.c.on_day.between(asked.days.first_on, asked.days.last_on)
    over = or_(things.c.what != What.VISIT, things.c.at <= now)
    is_open = things.c.what == What.OPEN
    return and_(or_(and_(within, over), is_open), *narrowed(things, asked))


def narrowed(facts: FromClause, asked: Asked) -> list[ColumnElement[bool]]:
    """What `asked.only` wants of orders."""
    return [
        (hand_name(facts, name) if name in HANDS else facts.c[name]) == value
        for name, value in asked.only.items()
    ]


def key_of(facts: FromClause, asked: Asked, on_day: ColumnElement[Any]) -> ColumnElement[Any]:
    """The value that figures are split by."""
    split: str = asked.split
    if split == "":
        return literal("")
    if split == "day":
        return on_day
    if split in TIMES:
        return cast(func.date_trunc(split, on_day), Date)
    return hand_name(facts, split) if split in HANDS else facts.c[split]


def tally_plainly(connection: Connection, asked: Asked, now: datetime) -> dict[Any, list[Tally]]:
    """What every order adds, by value of the split: seconds of work for a hundred thousand of them."""
    every = select(Order.id.label("order_id")).subquery("every")
    things = things_of(Signed(facts_of(every).subquery("facts"), 1))
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
