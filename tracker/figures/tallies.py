"""How what is measured of orders is summed into tallies: what each order adds, and where.

Months have all of it. Days have what has no length, and lengths only where tallies are of all orders: by the
places and hands of a day nearly every order would be a row of its own, so those are read from the facts.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
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
    extract,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
    values,
)
from sqlalchemy.dialects.postgresql import Insert, insert

from tracker import clock
from tracker.figures.cells import DAY, HANDS, MONTH, PLACES, Signed, day_of, hand_name
from tracker.figures.measure_rules import FINE_UNTIL, LENGTHS, QUARTER, QUARTERS_AN_HOUR, What
from tracker.figures.models import FigureHandTally, FigureTally

ALL = "all"
TALLIED = ("count", "good", "seconds")
IN_HAND = ("dealer", "team_id", "installer_id")

_MOMENT: Final = DateTime(timezone=True)
_HOUR = QUARTER * QUARTERS_AN_HOUR
_OF_ORDER = ("order_id", *PLACES, *IN_HAND)


def things_of(*parts: Signed) -> Subquery:
    """What these orders add to tallies, a row each: `what`, when (`at`) and on which day (`on_day`) of the
    city's calendar, its `value` and what is `TALLIED`, with what figures are split by.
    """
    rows = [one for part in parts for one in (_from_steps(part), _from_visits(part))]
    return union_all(*rows).subquery("things_of")


def tally_changes(things: Subquery) -> Select[Any]:
    """Changes of the tallies of places, those that come to nothing left out."""
    grains = _grains(things)
    kept = or_(grains.c.grain == MONTH, things.c.what.not_in((*LENGTHS, What.OPEN)))
    return _summed(things, grains, [things.c[name] for name in PLACES], kept)


def hand_tally_changes(things: Subquery) -> Select[Any]:
    """The same of the tallies of dealers, teams and installers, and of all."""
    grains = _grains(things)
    hands = (
        values(column("hand", String), column("name", String), name="hands")
        .data([(literal(ALL), literal("")), *((literal(hand), hand_name(things, hand)) for hand in HANDS)])
        .lateral()
    )
    kept = or_(
        grains.c.grain == MONTH,
        and_(things.c.what != What.OPEN, or_(things.c.what.not_in(LENGTHS), hands.c.hand == ALL)),
    )
    return _summed(things, grains, [things.c.operator_id, hands.c.hand, hands.c.name], kept, hands)


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
    return at, cast(func.floor(extract("epoch", at - facts.c.accepted_at)), BigInteger)


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


def _from_steps(part: Signed) -> Select[Any]:
    facts = part.facts
    ends = (facts.c.connected_at, facts.c.withdrawn_at, facts.c.returned_at)
    still_open = case((func.num_nonnulls(*ends) == 0, facts.c.accepted_at))
    connected_at, connected_in = length(facts, What.CONNECTED)
    responded_at, responded_in = length(facts, What.RESPONDED)
    none, nothing = literal(0), literal(0, BigInteger)
    things = (
        values(
            column("what", String),
            column("at", _MOMENT),
            column("value", Integer),
            column("good", Integer),
            column("seconds", BigInteger),
            name="things",
        )
        .data(
            [
                (
                    literal(What.CONNECTED),
                    connected_at,
                    quarters_of(connected_in),
                    first_visit(facts),
                    connected_in,
                ),
                (literal(What.RESPONDED), responded_at, quarters_of(responded_in), none, responded_in),
                (literal(What.COMPLETED), facts.c.completed_at, none, none, nothing),
                (literal(What.RETURNED), facts.c.returned_at, facts.c.return_cause, none, nothing),
                (literal(What.OPEN), still_open, none, none, nothing),
            ]
        )
        .lateral()
    )
    return (
        select(
            *_of_order(facts),
            things.c.what,
            things.c.at,
            city_day(things.c.at).label("on_day"),
            things.c.value,
            literal(part.sign, Integer).label("count"),
            (things.c.good * part.sign).label("good"),
            (things.c.seconds * part.sign).label("seconds"),
        )
        .select_from(facts)
        .join(things, true())
        .where(things.c.at.is_not(None))
    )


def _from_visits(part: Signed) -> Select[Any]:
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
    """The visits of each order: `ends_at`, and whether it was `kept`."""
    return (
        func.unnest(facts.c.visit_ends, facts.c.visits_kept)
        .table_valued(column("ends_at", _MOMENT), column("kept", Boolean), name="visits")
        .render_derived()
    )


def _of_order(facts: FromClause) -> Sequence[ColumnElement[Any]]:
    return [facts.c[name] for name in _OF_ORDER]


def _grains(things: Subquery) -> Any:
    """Each thing on its day and in its month."""
    month = cast(func.date_trunc("month", things.c.on_day), Date)
    return (
        values(column("grain", String), column("starts_on", Date), name="grains")
        .data([(literal(DAY), things.c.on_day), (literal(MONTH), month)])
        .lateral()
    )


def _summed(
    things: Subquery, grains: Any, key: Sequence[ColumnElement[Any]], kept: ColumnElement[bool], *more: Any
) -> Select[Any]:
    columns = [grains.c.grain, grains.c.starts_on, things.c.what, things.c.value, *key]
    sums = [func.sum(things.c[name]) for name in TALLIED]
    source = things.join(grains, true())
    for one in more:
        source = source.join(one, true())
    return (
        select(*columns, *(one.label(name) for one, name in zip(sums, TALLIED, strict=True)))
        .select_from(source)
        .where(kept)
        .group_by(*columns)
        .having(func.num_nonnulls(*(func.nullif(one, 0) for one in sums)) > 0)
    )
