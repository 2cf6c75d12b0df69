"""Reads of compensation: how each order stands, what it comes to in all, and what runs up."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    case,
    exists,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import aliased

from tracker import clock
from tracker.compensation.models import CompensationEntry
from tracker.compensation.rules import Kind, State
from tracker.figures.on_time import Stretch
from tracker.orders.models import Order
from tracker.orders.rules import CLOSED, Stage
from tracker.promises.models import Promise
from tracker.promises.standing import binding, latest_deadlines

_COUNTY_DIGITS = 6
_CONNECTED = tuple(CLOSED | {Stage.ACTIVATED})
_later = aliased(CompensationEntry, name="later")
_IS_LATEST = ~exists().where(
    _later.order_id == CompensationEntry.order_id, _later.number > CompensationEntry.number
)


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to; None leaves it open. Days are those on which lines were connected."""

    state: State | None = None
    county: str | None = None
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True)
class Totals:
    """What orders come to, in fen: those of a ledger, each by its latest line.

    `free`: how many of them come to nothing, for nothing was charged or all of it was excused. `owed_fen` is
    still to be paid, `overpaid_fen` was paid beyond what a correction left.
    """

    orders: int = 0
    free: int = 0
    days: int = 0
    amount_fen: int = 0
    paid_fen: int = 0
    owed_fen: int = 0
    overpaid_fen: int = 0


def latest_of(connection: Connection, order_ids: Collection[int]) -> dict[int, Row[Any]]:
    """The latest line of each of these orders that has any."""
    rows = connection.execute(
        select(CompensationEntry.__table__).where(CompensationEntry.order_id.in_(order_ids), _IS_LATEST)
    )
    return {row.order_id: row for row in rows}


def lines_of(connection: Connection, operator_id: int, order_id: int) -> Sequence[Row[Any]]:
    """The ledger of one order of an operator, the earliest line first."""
    return connection.execute(
        select(CompensationEntry.__table__)
        .where(CompensationEntry.order_id == order_id, CompensationEntry.operator_id == operator_id)
        .order_by(CompensationEntry.number)
    ).all()


def compensations_below(
    connection: Connection, operator_id: int, wanted: Wanted, *, limit: int, before_id: int | None = None
) -> Sequence[Row[Any]]:
    """How orders stand, what changed last first; behind the line with the id `before_id`."""
    found = (
        _standing(operator_id).where(*_conditions(wanted)).order_by(CompensationEntry.id.desc()).limit(limit)
    )
    if before_id is not None:
        found = found.where(CompensationEntry.id < before_id)
    return connection.execute(found).all()


def compensation_totals(connection: Connection, operator_id: int | None, period: Stretch) -> Totals:
    """What orders come to whose lines were connected on these days; of one operator, or of all."""
    return totals_of_wanted(connection, operator_id, Wanted(first_on=period.first_on, last_on=period.last_on))


def totals_of_wanted(connection: Connection, operator_id: int | None, wanted: Wanted) -> Totals:
    """The same of what a list is narrowed to."""
    balance = CompensationEntry.amount_fen - CompensationEntry.paid_fen
    found = (
        select(
            func.count(),
            func.count().filter(CompensationEntry.amount_fen == 0),
            func.coalesce(func.sum(CompensationEntry.days), 0),
            func.coalesce(func.sum(CompensationEntry.amount_fen), 0),
            func.coalesce(func.sum(CompensationEntry.paid_fen), 0),
            func.coalesce(func.sum(func.greatest(balance, 0)), 0),
            func.coalesce(func.sum(func.greatest(-balance, 0)), 0),
        )
        .join(Order, Order.id == CompensationEntry.order_id)
        .where(_IS_LATEST, *_conditions(wanted))
    )
    if operator_id is not None:
        found = found.where(CompensationEntry.operator_id == operator_id)
    return Totals(*(int(one) for one in connection.execute(found).one()))


def running_orders(
    connection: Connection, operator_id: int, now: datetime, *, at_once: int, county: str | None = None
) -> Iterator[Sequence[Row[Any]]]:
    """Open orders that are late, the longest late first, in portions: id, number, price, stage, deadline."""
    latest = latest_deadlines(Order.id)
    deadline = binding(latest)
    wanted = (
        select(
            Order.id,
            Order.number,
            Order.price,
            Order.stage,
            Order.community_code,
            deadline.label("deadline"),
        )
        .join(Promise, Promise.order_id == Order.id)
        .outerjoin(latest, true())
        .where(
            Order.operator_id == operator_id,
            Order.closed_at.is_(None),
            Order.stage.not_in(_CONNECTED),
            deadline < now,
        )
        .order_by(deadline, Order.id)
    )
    if county is not None:
        wanted = wanted.where(func.left(Order.community_code, _COUNTY_DIGITS) == county)
    rows = connection.execute(wanted.limit(at_once)).all()
    while rows:
        yield rows
        # Behind the last one, and not behind so many: meanwhile some of them may have been connected.
        behind = tuple_(deadline, Order.id) > tuple_(literal(rows[-1].deadline), literal(rows[-1].id))
        rows = connection.execute(wanted.where(behind).limit(at_once)).all()


def _standing(operator_id: int) -> Select[Any]:
    """The latest line of each order, with the payment that stands of it: `paid_by`, `paid_as`, `paid_day`."""
    last = (
        select(_later.method, _later.reference, _later.paid_on)
        .where(
            _later.order_id == CompensationEntry.order_id,
            _later.kind == Kind.PAID,
            _later.paid_fen == CompensationEntry.paid_fen,
        )
        .order_by(_later.number.desc())
        .limit(1)
        .lateral("last_payment")
    )
    return (
        select(
            *CompensationEntry.__table__.c,
            state_word().label("state"),
            last.c.method.label("paid_by"),
            last.c.reference.label("paid_as"),
            last.c.paid_on.label("paid_day"),
            Order.number.label("order_number"),
            Order.community_code,
        )
        .join(Order, Order.id == CompensationEntry.order_id)
        .outerjoin(last, true())
        .where(CompensationEntry.operator_id == operator_id, _IS_LATEST)
    )


def state_word() -> ColumnElement[str]:
    """How an order stands by its line: as `rules.state_of` says it."""
    amount, paid = CompensationEntry.amount_fen, CompensationEntry.paid_fen
    return case(
        (amount > paid, State.OWED.value),
        (amount < paid, State.OVERPAID.value),
        (paid > 0, State.PAID.value),
        else_=State.NOTHING.value,
    )


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        found.append(state_word() == wanted.state.value)
    if wanted.county is not None:
        found.append(func.left(Order.community_code, _COUNTY_DIGITS) == wanted.county)
    if wanted.first_on is not None:
        found.append(CompensationEntry.connected_at >= _midnight(wanted.first_on))
    if wanted.last_on is not None:
        found.append(CompensationEntry.connected_at < _midnight(wanted.last_on + timedelta(days=1)))
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), clock.CITY_ZONE)
