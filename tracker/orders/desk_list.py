"""The orders of an operator as its desk lists them: narrowed, in an order, and read on from a place."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Row,
    Select,
    and_,
    exists,
    func,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import LateralFromClause

from tracker.orders.models import MOVE_KINDS, Order, OrderEvent
from tracker.orders.rules import Stage
from tracker.orders.standing import NEAR, Mark
from tracker.promises.ledger import Kind
from tracker.promises.models import Promise, PromiseEntry
from tracker.promises.standing import current, latest_entry

_LATEST = latest_entry(Order.id, PromiseEntry.deadline, PromiseEntry.provisional)
_DEADLINE = current(_LATEST, "deadline")
_CONNECTED_AT = (
    select(OrderEvent.occurred_at)
    .where(
        OrderEvent.order_id == Order.id,
        OrderEvent.stage == Stage.ACTIVATED,
        OrderEvent.kind.in_(MOVE_KINDS),
    )
    .limit(1)
    .scalar_subquery()
)


class Sorting(StrEnum):
    """In which order the list stands."""

    NEWEST = "newest"
    OLDEST = "oldest"
    DEADLINE = "deadline"  # the most urgent first; of open orders, for of the others nothing is urgent


# What an order that is not connected yet may be, against its promise.
STANDINGS = (Mark.ON_TIME, Mark.NEAR, Mark.LATE)


@dataclass(frozen=True)
class Wanted:
    """By what the list is narrowed; None or empty: by nothing of the kind.

    `communities`: codes, of a town or a county. A standing, a running hold, a team and the order of deadlines
    are asked of open orders alone.
    """

    stage: str | None = None
    customer_kind: str | None = None
    channel_id: int | None = None
    communities: Collection[str] = ()
    standing: str | None = None
    on_hold: bool = False
    team_id: int | None = None
    sorting: Sorting = Sorting.NEWEST

    @property
    def open_only(self) -> bool:
        """Whether it can only be of open orders."""
        return bool(self.standing or self.on_hold or self.team_id or self.sorting is Sorting.DEADLINE)


@dataclass(frozen=True)
class Position:
    """Behind which order to go on; `deadline` where the list stands by it."""

    id: int
    deadline: datetime | None = None


def list_orders(
    connection: Connection,
    operator_id: int,
    wanted: Wanted,
    *,
    behind: Position | None,
    limit: int,
    now: datetime,
) -> tuple[Sequence[Row[Any]], Position | None]:
    """So many orders, and the place to go on behind; None at the end."""
    statement = _narrowed(operator_id, wanted, now)
    if wanted.sorting is Sorting.DEADLINE:
        statement = statement.order_by(_DEADLINE, Order.id)
        if behind is not None and behind.deadline is not None:
            statement = statement.where(
                tuple_(_DEADLINE.cast(DateTime(timezone=True)), Order.id) > tuple_(behind.deadline, behind.id)
            )
    elif wanted.sorting is Sorting.OLDEST:
        statement = statement.order_by(Order.id)
        if behind is not None:
            statement = statement.where(Order.id > behind.id)
    else:
        statement = statement.order_by(Order.id.desc())
        if behind is not None:
            statement = statement.where(Order.id < behind.id)
    rows = connection.execute(statement.limit(limit + 1)).all()
    shown = rows[:limit]
    if len(rows) <= limit:
        return shown, None
    last = Position(shown[-1].id, shown[-1].deadline)
    return shown, last if wanted.sorting is Sorting.DEADLINE else replace(last, deadline=None)


def standings(connection: Connection, operator_id: int, now: datetime) -> dict[str, int]:
    """How many of the orders that are not connected stand how against their promise, by STANDINGS."""
    wanted = (
        select(*(func.count().filter(_stands(mark, now)).label(mark) for mark in STANDINGS))
        .select_from(Order)
        .join(Promise, Promise.order_id == Order.id)
        .outerjoin(_LATEST, true())
        .where(Order.operator_id == operator_id, Order.closed_at.is_(None))
    )
    return dict(connection.execute(wanted).one()._mapping)


def orders_listed(
    connection: Connection, operator_id: int, order_ids: Collection[int], now: datetime
) -> dict[int, Row[Any]]:
    """The rows of just these orders as the list has them, by id, each with its `first_deadline` too."""
    wanted = _narrowed(operator_id, Wanted(), now).where(Order.id.in_(order_ids))
    rows = connection.execute(wanted.add_columns(Promise.deadline.label("first_deadline")))
    return {row.id: row for row in rows}


def _narrowed(operator_id: int, wanted: Wanted, now: datetime) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [Order.operator_id == operator_id]
    for column, value in ((Order.channel_id, wanted.channel_id), (Order.team_id, wanted.team_id)):
        if value is not None:
            conditions.append(column == value)
    # In the statement itself, where an index of one of them alone can be seen to fit.
    if wanted.stage is not None:
        conditions.append(Order.stage == literal_column(f"'{Stage(wanted.stage)}'"))
    if wanted.customer_kind is not None:
        conditions.append(Order.customer_kind == literal_column(_KINDS[wanted.customer_kind]))
    if wanted.communities:
        conditions.append(Order.community_code.in_(sorted(wanted.communities)))
    if wanted.open_only or wanted.stage in _OPEN_STAGES:
        conditions.append(Order.closed_at.is_(None))
    if wanted.standing is not None:
        conditions.append(_stands(Mark(wanted.standing), now))
    if wanted.on_hold:
        conditions.append(held(now))
    return (
        select(
            Order.id,
            Order.number,
            Order.stage,
            Order.customer_kind,
            Order.community_code,
            Order.channel_id,
            Order.accepted_at,
            Order.closed_at,
            Order.price,
            _DEADLINE,
            current(_LATEST, "provisional"),
            _CONNECTED_AT.label("connected_at"),
            held(now).label("held"),
        )
        .join(Promise, Promise.order_id == Order.id)
        .outerjoin(_LATEST, true())
        .where(*conditions)
    )


_KINDS = {"home": "'home'", "enterprise": "'enterprise'"}

# Said beside the stage, it lets the index of open orders answer.
_OPEN_STAGES = frozenset(Stage) - {Stage.COMPLETED, Stage.WITHDRAWN, Stage.RETURNED}


def _stands(mark: Mark, now: datetime) -> ColumnElement[bool]:
    """As `standing.mark_of` has it; what is connected is kept or missed."""
    running = Order.stage != Stage.ACTIVATED
    near = now + NEAR
    return {
        Mark.LATE: and_(running, now > _DEADLINE),
        Mark.NEAR: and_(running, now <= _DEADLINE, near >= _DEADLINE),
        Mark.ON_TIME: and_(running, near < _DEADLINE),
    }[mark]


_hold, _lift = aliased(PromiseEntry), aliased(PromiseEntry)


def held(now: datetime) -> ColumnElement[bool]:
    """Whether a hold runs that nobody has lifted."""
    return and_(Order.closed_at.is_(None), exists().where(_runs(now)))


def hold_of(now: datetime) -> LateralFromClause:
    """The hold that runs, the one that ends last, to be outer-joined on true: its `number` and `ends_at`.

    Looked up order by order, where `held` would have the holds of all orders read.
    """
    running = select(_hold.number, _hold.ends_at).where(_runs(now)).order_by(_hold.ends_at.desc())
    return running.limit(1).lateral("running_hold")


def _runs(now: datetime) -> ColumnElement[bool]:
    lifted = exists().where(
        _lift.order_id == _hold.order_id,
        _lift.kind == Kind.RESUME,
        _lift.lifts == _hold.number,
        _lift.starts_at <= now,
    )
    return and_(
        _hold.order_id == Order.id,
        _hold.kind == Kind.HOLD,
        _hold.starts_at <= now,
        _hold.ends_at > now,
        ~lifted,
    )
