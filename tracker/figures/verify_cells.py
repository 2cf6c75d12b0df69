"""Compare what is kept for figures with what it was made of."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    Subquery,
    and_,
    func,
    or_,
    select,
    true,
)

from tracker.db import Database
from tracker.figures.cells import (
    COUNTS,
    DAY,
    FACTS,
    HANDS,
    MONTH,
    Signed,
    additions,
    cell_changes,
    hand_changes,
)
from tracker.figures.facts import facts_of
from tracker.figures.keep_cells import unread_orders
from tracker.figures.models import FigureCell, FigureFact, FigureHand, FigureReading
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
        return Differences(_sums(connection), _facts_that_differ(connection))


def _sums(connection: Connection) -> int:
    added = additions(Signed(_facts, 1))
    found = 0
    for grain in (DAY, MONTH):
        kept = FigureCell.__table__
        found += _differing(
            connection, cell_changes(added, grain), select(kept).where(kept.c.grain == grain).subquery()
        )
        for hand in HANDS:
            kept = FigureHand.__table__
            rows = select(kept).where(kept.c.grain == grain, kept.c.hand == hand).subquery()
            found += _differing(connection, hand_changes(added, grain, hand), rows)
    return found


def _differing(connection: Connection, right: Select[Any], kept: Subquery) -> int:
    """How many rows are only in one of both, or differ. A sum that is kept may have come to nothing."""
    made = right.subquery("made")
    key = [column.name for column in made.columns if column.name not in COUNTS]
    same_key = and_(*(kept.c[name] == made.c[name] for name in key))
    differ = or_(*(func.coalesce(kept.c[name], 0) != func.coalesce(made.c[name], 0) for name in COUNTS))
    joined = kept.join(made, same_key, full=True)
    return connection.scalar(select(func.count()).select_from(joined).where(differ)) or 0


def _facts_that_differ(connection: Connection) -> int:
    """How many orders that were read say something else now, or are gone."""
    every = select(Order.id.label("order_id")).subquery("every")
    unread = unread_orders(select(FigureReading.read_to).scalar_subquery()).subquery("unread")
    right = facts_of(every).subquery("right_facts")
    same = and_(*(_facts.c[name].is_not_distinct_from(right.c[name]) for name in FACTS))
    alike = select(true()).where(same, _facts.c.order_id == right.c.order_id).correlate(right).exists()
    read = right.c.order_id.not_in(select(unread.c.order_id))
    wrong = select(func.count()).select_from(right).where(~alike, read)
    there = select(true()).where(Order.id == _facts.c.order_id).correlate(_facts).exists()
    left_over = select(func.count()).select_from(_facts).where(~there)
    return (connection.scalar(wrong) or 0) + (connection.scalar(left_over) or 0)
