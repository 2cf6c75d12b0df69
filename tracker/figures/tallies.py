"""How what is measured of orders is summed into tallies: what each order adds, and where.

Months have all of it. Days have what has no length, and lengths only where tallies are of all orders or of
one thing that they are split by: by all places at once, and by hands, nearly every order of a day would be
a row of its own, so those are read from the facts.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
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
    func,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import Insert, insert

from tracker import clock
from tracker.figures.cells import BY_ITSELF, DAY, IN_HAND, MONTH, PLACES, Signed, day_of, incoming, key_apart
from tracker.figures.measure_rules import FINE_UNTIL, LENGTHS, QUARTER, QUARTERS_AN_HOUR, What
from tracker.figures.models import FigureHandTally, FigureTally

INCOMING_THINGS = incoming(
    "incoming_things",
    Column("what", String),
    Column("on_day", Date),
    Column("value", Integer),
    Column("count", Integer),
    Column("good", Integer),
    Column("seconds", BigInteger),
)
TALLIED = ("count", "good", "seconds")

_MOMENT: Final = DateTime(timezone=True)
_HOUR = QUARTER * QUARTERS_AN_HOUR
_WITHOUT_LENGTH = (What.COMPLETED, What.RETURNED, What.VISIT)
_OF_ORDER = ("order_id", *PLACES, *IN_HAND)


def things_of(*parts: Signed, whats: Collection[What] = tuple(What)) -> Subquery:
    """What these orders add to tallies, a row each: `what`, when (`at`) and on which day (`on_day`) of the
    city's calendar, its `value` and what is `TALLIED`, with what figures are split by.
    """
    return union_all(*(_thing(part, what) for part in parts for what in whats)).subquery("things_of")


def tally_changes(things: FromClause, grain: str) -> Select[Any]:
    """Changes of the tallies of places, those that come to nothing left out."""
    whats = tuple(What) if grain == MONTH else _WITHOUT_LENGTH
    return _summed(things, grain, whats, [things.c[name] for name in PLACES])


def hand_tally_changes(things: FromClause, grain: str, hand: str) -> Select[Any]:
    """The same of the tallies of one thing `APART`."""
    whats = tuple(What)
    if grain == DAY:
        whats = (*LENGTHS, *_WITHOUT_LENGTH) if hand in BY_ITSELF else _WITHOUT_LENGTH
    return _summed(things, grain, whats, key_apart(things, hand))


def apply_tallies(changes: Select[Any], table: type[FigureTally] | type[FigureHandTally]) -> Insert:
    """Add changes to the tallies that stand, in the order of the key as `cells.apply_changes` does."""
    key = [column.name for column in table.__table__.primary_key]
    names = [column.name for column in changes.selected_columns]
    ordered = changes.order_by(*(changes.selected_columns[name] for name in key))
    new = insert(table).from_select(names, ordered)
    return new.on_conflict_do_update(
        index_elements=key,
        set_={name: getattr(table, name) + new.excluded[name] for name in TALLIED},
    )


def length(facts: FromClause, what: What) -> tuple[ColumnElement[datetime], ColumnElement[int]]:
    """When something with a length happened, and the length in whole seconds."""
    at = facts.c.connected_at if what is What.CONNECTED else facts.c.responded_at
    return at, cast(func.floor(func.date_part("epoch", at - facts.c.accepted_at)), BigInteger)


def quarters_of(seconds: ColumnElement[int]) -> ColumnElement[int]:
    """`measure_rules.quarters` for the database."""

    def up_to(unit: int) -> ColumnElement[int]:
        return cast(func.ceil(seconds / float(unit)), Integer)

    return case((seconds <= FINE_UNTIL, up_to(QUARTER)), else_=up_to(_HOUR) * QUARTERS_AN_HOUR)


def first_visit(facts: FromClause) -> ColumnElement[int]:
    """1 for an order that one visit was enough for."""
    return case((facts.c.on_sites == 1, 1), else_=0)


def city_day(at: ColumnElement[datetime]) -> ColumnElement[Any]:
    """The day of the city's calendar of a moment."""
    return cast(func.timezone(str(clock.CITY_ZONE), at), Date)


def _thing(part: Signed, what: What) -> Select[Any]:
    """One thing of each order that it happened to."""
    facts = part.facts
    if what is What.VISIT:
        return _each_visit(part)
    value, good, seconds = literal(0, Integer), literal(0, Integer), literal(0, BigInteger)
    if what in LENGTHS:
        at, seconds = length(facts, what)
        value = quarters_of(seconds)
        good = first_visit(facts) if what is What.CONNECTED else good
    elif what is What.RETURNED:
        at, value = facts.c.returned_at, facts.c.return_cause
    else:
        at = facts.c.completed_at if what is What.COMPLETED else facts.c.accepted_at
    happened = at.is_not(None)
    if what is What.OPEN:
        happened = and_(*is_open(facts))
    return select(
        *_of_order(facts),
        literal(what, String).label("what"),
        at.label("at"),
        city_day(at).label("on_day"),
        value.label("value"),
        literal(part.sign, Integer).label("count"),
        (good * part.sign).label("good"),
        (seconds * part.sign).label("seconds"),
    ).where(happened)


def is_open(facts: FromClause) -> Sequence[ColumnElement[bool]]:
    """Conditions of an order that is neither connected nor ended."""
    return [facts.c[name].is_(None) for name in ("connected_at", "withdrawn_at", "returned_at")]


def _each_visit(part: Signed) -> Select[Any]:
    """A visit that ends at midnight is one of the day that ends with it."""
    facts = part.facts
    visits = each_visit(facts)
    return (
        select(
            *_of_order(facts),
            literal(What.VISIT, String).label("what"),
            visits.c.ends_at.label("at"),
            day_of(visits.c.ends_at).label("on_day"),
            literal(0, Integer).label("value"),
            literal(part.sign, Integer).label("count"),
            (cast(visits.c.kept, Integer) * part.sign).label("good"),
            literal(0, BigInteger).label("seconds"),
        )
        .select_from(facts)
        .join(visits, true())
    )


def each_visit(facts: FromClause) -> Any:
    """The visits of each order: `ends_at`, whether it was `kept`, and its `number` within the order."""
    return (
        func.unnest(facts.c.visit_ends, facts.c.visits_kept)
        .table_valued(
            column("ends_at", _MOMENT), column("kept", Boolean), with_ordinality="number", name="visits"
        )
        .render_derived()
    )


def _of_order(facts: FromClause) -> Sequence[ColumnElement[Any]]:
    return [facts.c[name] for name in _OF_ORDER]


def _summed(
    things: FromClause, grain: str, whats: Sequence[What], key: Sequence[ColumnElement[Any]]
) -> Select[Any]:
    starts_on = things.c.on_day
    if grain == MONTH:
        starts_on = cast(func.date_trunc("month", starts_on), Date)
    columns = [things.c.what, starts_on.label("starts_on"), things.c.value, *key]
    sums = [func.sum(things.c[name]) for name in TALLIED]
    return (
        select(
            literal(grain, String).label("grain"),
            *columns,
            *(one.label(name) for one, name in zip(sums, TALLIED, strict=True)),
        )
        .where(things.c.what.in_(whats))
        .group_by(*columns)
        .having(func.num_nonnulls(*(func.nullif(one, 0) for one in sums)) > 0)
    )
