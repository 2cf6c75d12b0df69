"""What is measured of orders, read from what is recorded of each: slow, and right by what it reads."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    FromClause,
    Integer,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    column,
    extract,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
    values,
)

from tracker import clock
from tracker.figures.cells import HANDS, PLACES, day_of, hand_name
from tracker.figures.facts import facts_of
from tracker.figures.measure_rules import FINE_UNTIL, QUARTER, QUARTERS_AN_HOUR, Tally, What
from tracker.figures.on_time import Asked
from tracker.figures.steps import steps_of, visits_of
from tracker.orders.models import Order

_MOMENT: Final = DateTime(timezone=True)
_HOUR = QUARTER * QUARTERS_AN_HOUR
_TIMES = ("week", "month")
_IN_HAND = ("dealer", "team_id", "installer_id")
_VISITS = (What.VISIT_KEPT, What.VISIT_MISSED)


def measured(touched: FromClause) -> Select[Any]:
    """What is measured of the orders in `touched.order_id`, a row each, with what figures are split by."""
    facts = facts_of(touched).subquery("facts")
    steps, visits = steps_of(facts.c.order_id), visits_of(facts.c.order_id)
    return (
        select(
            *(
                facts.c[name]
                for name in ("order_id", *PLACES, "dealer", "team_id", "installer_id", "accepted_at")
            ),
            *steps.c,
            *visits.c,
        )
        .select_from(facts)
        .join(steps, true())
        .join(visits, true())
    )


def additions_of(facts: FromClause) -> Subquery:
    """What orders add to figures: their facts with `what`, when (`at`) and on which day (`on_day`) of the
    city's calendar, how long it took in whole `seconds`, and a `value`: of lengths as
    `measure_rules.quarters` says, of returns their cause.
    """
    return union_all(_from_steps(facts), _from_visits(facts)).subquery("added")


def _from_steps(facts: FromClause) -> Select[Any]:
    ends = (facts.c.connected_at, facts.c.withdrawn_at, facts.c.returned_at)
    still_open = case((func.num_nonnulls(*ends) == 0, facts.c.accepted_at))
    first_visit = case((facts.c.on_sites == 1, facts.c.connected_at))
    connected_in = _seconds(facts.c.accepted_at, facts.c.connected_at)
    responded_in = _seconds(facts.c.accepted_at, facts.c.responded_at)
    nothing = literal(0, BigInteger)
    things = (
        values(
            column("what", String),
            column("at", _MOMENT),
            column("seconds", BigInteger),
            column("value", Integer),
            name="things",
        )
        .data(
            [
                (literal(What.CONNECTED), facts.c.connected_at, connected_in, _quarters(connected_in)),
                (literal(What.FIRST_VISIT), first_visit, nothing, 0),
                (literal(What.RESPONDED), facts.c.responded_at, responded_in, _quarters(responded_in)),
                (literal(What.COMPLETED), facts.c.completed_at, nothing, 0),
                (literal(What.RETURNED), facts.c.returned_at, nothing, facts.c.return_cause),
                (literal(What.OPEN), still_open, nothing, 0),
            ]
        )
        .lateral()
    )
    on_day = cast(func.timezone(str(clock.CITY_ZONE), things.c.at), Date)
    return (
        select(*facts.c, things.c.what, things.c.at, on_day.label("on_day"), things.c.seconds, things.c.value)
        .select_from(facts)
        .join(things, true())
        .where(things.c.at.is_not(None))
    )


def _from_visits(facts: FromClause) -> Select[Any]:
    """A visit that ends at midnight is one of the day that ends with it."""
    visits = (
        func.unnest(facts.c.visit_ends, facts.c.visits_kept)
        .table_valued(column("ends_at", _MOMENT), column("kept", Boolean), name="visits")
        .render_derived()
    )
    kept, missed = (literal(what, String) for what in _VISITS)
    return (
        select(
            *facts.c,
            case((visits.c.kept, kept), else_=missed).label("what"),
            visits.c.ends_at.label("at"),
            day_of(visits.c.ends_at).label("on_day"),
            literal(0, BigInteger).label("seconds"),
            literal(0, Integer).label("value"),
        )
        .select_from(facts)
        .join(visits, true())
    )


def _seconds(since: ColumnElement[datetime], until: ColumnElement[datetime]) -> ColumnElement[int]:
    return cast(func.floor(extract("epoch", until - since)), BigInteger)


def _quarters(seconds: ColumnElement[int]) -> ColumnElement[int]:
    """`measure_rules.quarters` for the database."""

    def up_to(unit: int) -> ColumnElement[int]:
        return cast(func.ceil(cast(seconds, BigInteger) / float(unit)), Integer)

    return case((seconds <= FINE_UNTIL, up_to(QUARTER)), else_=up_to(_HOUR) * QUARTERS_AN_HOUR)


def happened(added: FromClause, asked: Asked, now: datetime) -> ColumnElement[bool]:
    """Whether what orders add counts in what is asked: of these days, and visits once their time is over."""
    within = added.c.on_day.between(asked.days.first_on, asked.days.last_on)
    over = or_(added.c.what.not_in(_VISITS), added.c.at <= now)
    is_open = added.c.what == What.OPEN
    return and_(or_(and_(within, over), is_open), *narrowed(added, asked))


def narrowed(facts: FromClause, asked: Asked) -> list[ColumnElement[bool]]:
    """What `asked.only` wants of orders."""
    return [
        (hand_name(facts, name) if name in HANDS else facts.c[name]) == value
        for name, value in asked.only.items()
    ]


def key_of(added: FromClause, asked: Asked) -> ColumnElement[Any]:
    """The value that figures are split by."""
    split: str = asked.split
    if split == "":
        return literal("")
    if split == "day":
        return added.c.on_day
    if split in _TIMES:
        return cast(func.date_trunc(split, added.c.on_day), Date)
    return hand_name(added, split) if split in HANDS else added.c[split]


def tally_plainly(connection: Connection, asked: Asked, now: datetime) -> dict[Any, list[Tally]]:
    """What every order adds, grouped: seconds of work for a hundred thousand of them."""
    every = select(Order.id.label("order_id")).subquery("every")
    added = additions_of(measured(every).subquery("measured"))
    key = key_of(added, asked).label("key")
    cause = case((added.c.what == What.RETURNED, added.c.value), else_=0).label("cause")

    def rank(share: float) -> ColumnElement[int]:
        return func.percentile_disc(share).within_group(added.c.value)

    wanted = (
        select(
            key,
            added.c.what,
            cause,
            func.count().label("count"),
            cast(func.sum(added.c.seconds), BigInteger).label("seconds"),
            rank(0.5).label("median"),
            rank(0.9).label("p90"),
        )
        .where(happened(added, asked, now))
        .group_by(key, added.c.what, cause)
    )
    found: dict[Any, list[Tally]] = {}
    for row in connection.execute(wanted):
        tally = Tally(What(row.what), row.cause, row.count, row.seconds, row.median, row.p90)
        found.setdefault(row.key, []).append(tally)
    return found
