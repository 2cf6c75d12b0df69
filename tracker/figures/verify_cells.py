"""Compare what is kept for figures with what it was made of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    func,
    or_,
    select,
    true,
)

from tracker.db import Database
from tracker.figures.cells import (
    APART,
    COUNTS,
    DAY,
    FACTS,
    MONTH,
    Signed,
    additions,
    cell_changes,
    hand_changes,
)
from tracker.figures.facts import facts_of
from tracker.figures.keep_cells import unread_orders
from tracker.figures.models import (
    FigureCell,
    FigureFact,
    FigureHand,
    FigureHandTally,
    FigureReading,
    FigureTally,
)
from tracker.figures.tallies import TALLIED, hand_tally_changes, tally_changes, things_of
from tracker.orders.models import Order

_facts = FigureFact.__table__


@dataclass(frozen=True)
class Differences:
    """How many sums differ from the facts that they are of, and how many facts from their orders."""

    sums: int
    facts: int


def differences(db: Database) -> Differences:
    """Look at everything: minutes for ten million orders. Orders that were not read yet are left aside."""
    with db.transaction() as connection:
        # Nobody reads on meanwhile, so that all of it is of one state.
        connection.execute(select(FigureReading.read_to).with_for_update(read=True))
        return Differences(sums_that_differ(connection), _facts_that_differ(connection))


def sums_that_differ(connection: Connection, since: date | None = None) -> int:
    """How many sums differ from what facts add to them: all, or those from the first day of a month on.

    Facts and sums change together, so that each kind of sums is seen in one state with its facts.
    """
    return sum(_differing(connection, made, kept, counted, since) for made, kept, counted in _all_sums())


def _all_sums() -> Iterator[tuple[Select[Any], Select[Any], Sequence[str]]]:
    """Of each kind of sums: what facts make of them, what is kept, and which columns are counts."""
    facts = Signed(_facts, 1)
    added, things = additions(facts), things_of(facts)
    tallies, hand_tallies = FigureTally.__table__, FigureHandTally.__table__
    cells, hands = FigureCell.__table__, FigureHand.__table__
    for grain in (DAY, MONTH):
        yield cell_changes(added, grain), select(cells).where(cells.c.grain == grain), COUNTS
        for hand in APART:
            kept = select(hands).where(hands.c.grain == grain, hands.c.hand == hand)
            yield hand_changes(added, grain, hand), kept, COUNTS
        yield tally_changes(things, grain), select(tallies).where(tallies.c.grain == grain), TALLIED
        for hand in APART:
            kept = select(hand_tallies).where(hand_tallies.c.grain == grain, hand_tallies.c.hand == hand)
            yield hand_tally_changes(things, grain, hand), kept, TALLIED


def _differing(
    connection: Connection,
    right: Select[Any],
    standing: Select[Any],
    counted: Sequence[str],
    since: date | None,
) -> int:
    """How many rows are only in one of both, or differ. A sum that is kept may have come to nothing."""
    made, kept = (_from(one.subquery(), since).subquery() for one in (right, standing))
    key = [column.name for column in made.columns if column.name not in counted]
    same_key = and_(*(kept.c[name] == made.c[name] for name in key))
    differ = or_(*(func.coalesce(kept.c[name], 0) != func.coalesce(made.c[name], 0) for name in counted))
    joined = kept.join(made, same_key, full=True)
    return connection.scalar(select(func.count()).select_from(joined).where(differ)) or 0


def _from(sums: FromClause, since: date | None) -> Select[Any]:
    wanted = select(sums)
    return wanted if since is None else wanted.where(sums.c.starts_on >= since)


def _facts_that_differ(connection: Connection) -> int:
    """How many orders that were read say something else now, or are gone."""
    there = select(true()).where(Order.id == _facts.c.order_id).correlate(_facts).exists()
    left_over = select(func.count()).select_from(_facts).where(~there)
    return orders_that_differ(connection, true()) + (connection.scalar(left_over) or 0)


def orders_that_differ(connection: Connection, which: ColumnElement[bool]) -> int:
    """How many of these orders say something else than their facts; those not read yet are left aside."""
    some = select(Order.id.label("order_id")).where(which).subquery("some")
    unread = unread_orders(select(FigureReading.read_to).scalar_subquery()).subquery("unread")
    right = facts_of(some).subquery("right_facts")
    same = and_(*(_facts.c[name].is_not_distinct_from(right.c[name]) for name in FACTS))
    alike = select(true()).where(same, _facts.c.order_id == right.c.order_id).correlate(right).exists()
    read = right.c.order_id.not_in(select(unread.c.order_id))
    return connection.scalar(select(func.count()).select_from(right).where(~alike, read)) or 0
