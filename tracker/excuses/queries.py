"""Reads of excuses: what waits, what was decided, by whom and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, select

from tracker import clock
from tracker.excuses.models import ExcuseFile, ExcuseRequest
from tracker.excuses.rules import State
from tracker.figures.on_time import Stretch
from tracker.orders.models import Order
from tracker.promises.ledger import Kind
from tracker.promises.models import PromiseEntry

_requests = ExcuseRequest.__table__
_files = ExcuseFile.__table__


@dataclass(frozen=True)
class Days:
    """Days of the city's calendar, the last included; None leaves an end open."""

    first_on: date | None = None
    last_on: date | None = None

    def hold(self, moment: ColumnElement[datetime]) -> list[ColumnElement[bool]]:
        """Whether a moment lies in them."""
        found = []
        if self.first_on is not None:
            found.append(moment >= _midnight(self.first_on))
        if self.last_on is not None:
            found.append(moment < _midnight(self.last_on + timedelta(days=1)))
        return found


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to, by the day it was asked on; None leaves it open."""

    state: str | None = None
    reason_code: str | None = None
    decided_by: str | None = None
    days: Days = Days()


@dataclass(frozen=True)
class Approved:
    """How many delays somebody excused for one reason, and of how many orders."""

    approver: str
    reason_code: str
    excuses: int
    orders: int


def _with_order() -> Select[Any]:
    files = (
        select(func.count())
        .select_from(_files)
        .where(_files.c.request_id == _requests.c.id)
        .scalar_subquery()
        .label("files")
    )
    return select(
        *_requests.c, files, Order.number, Order.version.label("order_version"), Order.community_code
    ).join(Order, Order.id == _requests.c.order_id)


def waiting_excuses(connection: Connection, operator_id: int, limit: int) -> tuple[Sequence[Row[Any]], bool]:
    """What waits for a decision, the longest first, and whether there is more."""
    rows = connection.execute(
        _with_order()
        .where(_requests.c.operator_id == operator_id, _requests.c.state == State.OPEN)
        .order_by(_requests.c.id)
        .limit(limit + 1)
    ).all()
    return rows[:limit], len(rows) > limit


def excuses_to_decide(connection: Connection, operator_id: int, label: str) -> bool:
    """Whether anything waits that this person may decide on."""
    waiting = exists().where(
        _requests.c.operator_id == operator_id,
        _requests.c.state == State.OPEN,
        _requests.c.asked_by != label,
    )
    return bool(connection.scalar(select(waiting)))


def excuses_below(
    connection: Connection, operator_id: int, wanted: Wanted, *, limit: int, before_id: int | None = None
) -> Sequence[Row[Any]]:
    """Requests with ids below `before_id`, the latest first."""
    found = _narrowed(_with_order(), operator_id, wanted).order_by(_requests.c.id.desc()).limit(limit)
    if before_id is not None:
        found = found.where(_requests.c.id < before_id)
    return connection.execute(found).all()


def excuse_request(connection: Connection, operator_id: int, request_id: int) -> Row[Any] | None:
    """One request of an operator with its order; None for another's."""
    return connection.execute(
        _with_order().where(_requests.c.id == request_id, _requests.c.operator_id == operator_id)
    ).one_or_none()


def excuses_of_order(connection: Connection, operator_id: int, order_id: int) -> Sequence[Row[Any]]:
    """Every excuse that was asked for of an order, the earliest first."""
    return connection.execute(
        _with_order()
        .where(_requests.c.order_id == order_id, _requests.c.operator_id == operator_id)
        .order_by(_requests.c.id)
    ).all()


def excuses_of_channel(connection: Connection, channel_id: int, number: str) -> Sequence[Row[Any]] | None:
    """The same of an order of a channel; None where it has no such order."""
    order_id = connection.scalar(
        select(Order.id).where(Order.channel_id == channel_id, Order.number == number)
    )
    if order_id is None:
        return None
    return connection.execute(
        _with_order().where(_requests.c.order_id == order_id).order_by(_requests.c.id)
    ).all()


def files_of(connection: Connection, operator_id: int, request_id: int) -> Sequence[Row[Any]]:
    """The files that a request rests on, as they were added."""
    return connection.execute(
        select(_files)
        .where(_files.c.request_id == request_id, _files.c.operator_id == operator_id)
        .order_by(_files.c.id)
    ).all()


def evidence_file(connection: Connection, operator_id: int, file_id: int) -> Row[Any] | None:
    """One file of an operator's; None for another's."""
    return connection.execute(
        select(_files).where(_files.c.id == file_id, _files.c.operator_id == operator_id)
    ).one_or_none()


def counts_by_decider(connection: Connection, operator_id: int, wanted: Wanted) -> Sequence[Row[Any]]:
    """How many of these requests each person decided, by reason and outcome: decided_by, reason_code, state
    and count, most first; of what waits, decided_by is null.
    """
    many = func.count().label("many")
    found = _narrowed(
        select(_requests.c.decided_by, _requests.c.reason_code, _requests.c.state, many), operator_id, wanted
    )
    return connection.execute(
        found.where(_requests.c.state.in_((State.APPROVED, State.REFUSED)))
        .group_by(_requests.c.decided_by, _requests.c.reason_code, _requests.c.state)
        .order_by(many.desc(), _requests.c.decided_by, _requests.c.reason_code, _requests.c.state)
    ).all()


def excuses_by_approver(connection: Connection, operator_id: int | None, period: Stretch) -> list[Approved]:
    """Delays that were excused on these days, by who approved and why, most first; of one operator or of all.

    Counted are lines of promise ledgers by when they were written, those of
    before excuses had to be approved among them: their actor wrote them alone.
    """
    days = Days(period.first_on, period.last_on)
    excuses = func.count().label("excuses")
    orders = func.count(PromiseEntry.order_id.distinct()).label("orders")
    found = (
        select(PromiseEntry.actor, PromiseEntry.reason_code, excuses, orders)
        .where(PromiseEntry.kind == Kind.EXCUSE, *days.hold(PromiseEntry.recorded_at))
        .group_by(PromiseEntry.actor, PromiseEntry.reason_code)
        .order_by(excuses.desc(), PromiseEntry.actor, PromiseEntry.reason_code)
    )
    if operator_id is not None:
        found = found.where(PromiseEntry.operator_id == operator_id)
    return [
        Approved(row.actor, row.reason_code or "", row.excuses, row.orders)
        for row in connection.execute(found)
    ]


def _narrowed(found: Select[Any], operator_id: int, wanted: Wanted) -> Select[Any]:
    found = found.where(_requests.c.operator_id == operator_id, *wanted.days.hold(_requests.c.asked_at))
    for name in ("state", "reason_code", "decided_by"):
        value = getattr(wanted, name)
        if value is not None:
            found = found.where(_requests.c[name] == value)
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), clock.CITY_ZONE)
