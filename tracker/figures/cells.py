"""How orders are summed into cells: what each adds, and where.

An order adds to the cell of the day of its first deadline, and of its present one, and to those of their
months; so a sum over days is a sum over cells, and a long stretch is read by months.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    MetaData,
    Select,
    String,
    Subquery,
    Table,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import Insert, insert

from tracker import clock
from tracker.figures.facts import net_on_time, on_time, removed
from tracker.figures.models import FigureCell, FigureFact, FigureHand

DAY, MONTH = "day", "month"
COUNTS = ("due", "on_time", "net_due", "net_on_time")
PLACES = ("operator_id", "county", "rural", "channel_id", "customer_kind")
HANDS = ("dealer", "team", "installer")
# What facts say of hands.
IN_HAND = ("dealer", "team_id", "installer_id")
# By what orders are summed by themselves too, so that fewer sums are read: all of an operator's, each of the
# places, and hands, which are summed in no other way.
ALL = "all"
BY_ITSELF = (ALL, *(name for name in PLACES if name != "operator_id"))
APART = (*BY_ITSELF, *HANDS)
_facts = FigureFact.__table__
FACTS = tuple(column.name for column in _facts.columns)


def incoming(name: str, *own: Column[Any]) -> Table:
    """A temporary table of what orders add, worked out once for all the sums of a commit: columns of its own,
    and what sums are kept by.
    """
    kept_by = (Column(column, _facts.c[column].type) for column in (*PLACES, *IN_HAND))
    return Table(name, MetaData(), *own, *kept_by, prefixes=["TEMPORARY"], postgresql_on_commit="DELETE ROWS")


INCOMING_DUE = incoming(
    "incoming_due",
    Column("due_on", Date),
    Column("removed", String),
    *(Column(name, Integer) for name in COUNTS),
)


@dataclass(frozen=True)
class Signed:
    """Orders that are added (1), or taken away as they were before (-1)."""

    facts: FromClause
    sign: int


def day_of(deadline: ColumnElement[Any]) -> ColumnElement[Any]:
    """The day of the city's calendar on which a deadline is due; 24:00 belongs to the day that ends."""
    before = deadline - func.make_interval(0, 0, 0, 0, 0, 0, literal(1e-6))
    return cast(func.timezone(str(clock.CITY_ZONE), before), Date)


def additions(*parts: Signed) -> Subquery:
    """What these orders add to sums: `due_at` and the day `due_on`, the counts, `removed`, and what sums are
    kept by; twice an order, for its first deadline and its present one.
    """
    return union_all(*(one for part in parts for one in _twice(part))).subquery("additions")


def cell_changes(added: FromClause, grain: str) -> Select[Any]:
    """Changes of the cells of places, those that come to nothing left out."""
    return _summed(added, grain, [added.c[name] for name in PLACES])


def hand_changes(added: FromClause, grain: str, hand: str) -> Select[Any]:
    """The same of the cells of one thing `APART`."""
    return _summed(added, grain, key_apart(added, hand))


def key_apart(facts: FromClause, hand: str) -> Sequence[ColumnElement[Any]]:
    """By what the sums of one thing go: `operator_id`, `hand` and the `name`, which `value_of` reads."""
    return [facts.c.operator_id, literal(hand, String).label("hand"), _name(facts, hand).label("name")]


def hand_name(facts: FromClause, hand: str) -> ColumnElement[str]:
    """Who of that kind had an order in hand."""
    column = facts.c.dealer if hand == "dealer" else cast(facts.c[f"{hand}_id"], String)
    return func.coalesce(column, "")


def _name(facts: FromClause, hand: str) -> ColumnElement[str]:
    if hand == ALL:
        return literal("", String)
    return hand_name(facts, hand) if hand in HANDS else cast(facts.c[hand], String)


def named(sums: FromClause, hand: str, value: Any) -> ColumnElement[bool]:
    """Whether sums of one thing are of this value of it."""
    return sums.c.name == (value if hand in HANDS else cast(literal(value, _facts.c[hand].type), String))


def value_of(sums: FromClause, hand: str) -> ColumnElement[Any]:
    """What the sums of one thing are of, as facts say it, and for a hand its name."""
    return sums.c.name if hand in (ALL, *HANDS) else cast(sums.c.name, _facts.c[hand].type)


def apply_changes(changes: Select[Any], table: type[FigureCell] | type[FigureHand]) -> Insert:
    """Add changes to the sums that stand. In the order of the key, so that two never wait for each other."""
    key = [column.name for column in table.__table__.primary_key]
    names = [column.name for column in changes.selected_columns]
    ordered = changes.order_by(*(changes.selected_columns[name] for name in key))
    new = insert(table).from_select(names, ordered)
    return new.on_conflict_do_update(
        index_elements=key,
        set_={name: getattr(table, name) + new.excluded[name] for name in COUNTS},
    )


def _twice(part: Signed) -> Sequence[Select[Any]]:
    facts, one, nothing = part.facts, literal(part.sign, Integer), literal(0, Integer)

    def count(which: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(cast(which, Integer), 0) * part.sign

    why = func.coalesce(removed(facts), "").label("removed")
    shared = [facts.c[name] for name in (*PLACES, *IN_HAND)]
    gross = select(
        *shared,
        why,
        facts.c.first_deadline.label("due_at"),
        day_of(facts.c.first_deadline).label("due_on"),
        one.label("due"),
        count(on_time(facts)).label("on_time"),
        nothing.label("net_due"),
        nothing.label("net_on_time"),
    )
    net = select(
        *shared,
        why,
        facts.c.deadline.label("due_at"),
        day_of(facts.c.deadline).label("due_on"),
        nothing.label("due"),
        nothing.label("on_time"),
        one.label("net_due"),
        count(net_on_time(facts)).label("net_on_time"),
    )
    return gross, net


def _summed(added: FromClause, grain: str, key: Sequence[ColumnElement[Any]]) -> Select[Any]:
    starts_on = added.c.due_on
    if grain == MONTH:
        starts_on = cast(func.date_trunc("month", starts_on), Date)
    starts_on = starts_on.label("starts_on")
    sums = [func.sum(added.c[name]) for name in COUNTS]
    return (
        select(
            literal(grain).label("grain"),
            starts_on,
            *key,
            added.c.removed,
            *(one.label(name) for one, name in zip(sums, COUNTS, strict=True)),
        )
        .group_by(starts_on, *key, added.c.removed)
        .having(func.num_nonnulls(*(func.nullif(one, 0) for one in sums)) > 0)
    )
