"""What a report takes from features that keep records of their own: excuses, and compensation.

Whoever starts a build gives the port; `PORTS` is the one of this service.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from tracker.figures.facts import facts_of, removed, within
from tracker.figures.rules import Period
from tracker.promises.ledger import Kind
from tracker.promises.models import PromiseEntry


@dataclass(frozen=True)
class Excused:
    """Orders that the net rate leaves out for one reason, by the account whose word it is."""

    operator_id: int
    reason: str
    approver: str
    orders: int


@dataclass(frozen=True)
class Compensated:
    """What an operator owes customers for its own delays (违约补偿), in fen, of orders late in the period."""

    operator_id: int
    orders: int
    days: int
    owed_fen: int
    paid_fen: int


ExcusesOf = Callable[[Connection, int | None, Period], Sequence[Excused]]
CompensationOf = Callable[[Connection, int | None, Period], Sequence[Compensated]]


@dataclass(frozen=True)
class Ports:
    """Each is asked for one operator, or with None for all. Without a ledger of compensation the section
    says that there is none.
    """

    excuses: ExcusesOf
    compensation: CompensationOf | None = None


def recorded_excuses(connection: Connection, operator_id: int | None, period: Period) -> list[Excused]:
    """The excuses of the promise ledger that keep orders out of the net rate, by who recorded them.

    Counted as `tracker.figures` does: orders whose present promise fell due in the period, that missed it
    and whose latest excuse stands; so the sum is what figures say was left out for these reasons.
    """
    own = [] if operator_id is None else [PromiseEntry.operator_id == operator_id]
    touched = (
        select(PromiseEntry.order_id)
        .where(PromiseEntry.kind == Kind.EXCUSE, *own)
        .distinct()
        .subquery("touched")
    )
    facts = facts_of(touched).subquery("facts")
    approver = (
        select(PromiseEntry.actor)
        .where(PromiseEntry.order_id == facts.c.order_id, PromiseEntry.kind == Kind.EXCUSE)
        .order_by(PromiseEntry.number.desc())
        .limit(1)
        .scalar_subquery()
        .label("approver")
    )
    excused = (
        select(facts.c.operator_id, facts.c.excuse, approver)
        .where(within(facts.c.deadline, *period.bounds), removed(facts) == facts.c.excuse)
        .subquery("excused")
    )
    keys = (excused.c.operator_id, excused.c.excuse, excused.c.approver)
    rows = connection.execute(
        select(*keys, func.count().label("orders")).group_by(*keys).order_by(func.count().desc(), *keys)
    )
    return [Excused(*row) for row in rows]


PORTS = Ports(recorded_excuses)
