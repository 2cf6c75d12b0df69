"""Reads of excuses: what waits, what was decided, by whom and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, true

from tracker import clock
from tracker.excuses.models import ExcuseFile, ExcuseRequest
from tracker.excuses.removed import removing
from tracker.excuses.rules import BREACHES
from tracker.orders.approval_rules import State
from tracker.orders.approvals import Requests
from tracker.orders.models import Order
from tracker.promises.models import Promise
from tracker.promises.standing import binding, latest_deadlines

_requests = ExcuseRequest.__table__
_files = ExcuseFile.__table__
_how_many_files = (
    select(func.count()).select_from(_files).where(_files.c.request_id == _requests.c.id).scalar_subquery()
)

EXCUSES = Requests(_requests, BREACHES, (_how_many_files.label("files"),))


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
    """What a list is narrowed to; None leaves it open.

    `days`: on which it was asked for, or, where `is_due`, on which the order's promise falls due as it
    stands. `is_removing`: those alone for which the net figure leaves their orders out. `county` (the code's
    six digits), `channel_id` and `customer_kind` are the order's.
    """

    state: str | None = None
    reason_code: str | None = None
    decided_by: str | None = None
    days: Days = Days()
    is_due: bool = False
    is_removing: bool = False
    county: str | None = None
    channel_id: int | None = None
    customer_kind: str | None = None


@dataclass(frozen=True)
class Decided:
    """What came of requests: how many were approved and refused, how long the delays of those approved lasted
    together, and how many orders the net figure leaves out for them.
    """

    approved: int = 0
    refused: int = 0
    orders: int = 0
    length: timedelta = timedelta(0)

    def __add__(self, other: "Decided") -> "Decided":
        return Decided(
            self.approved + other.approved,
            self.refused + other.refused,
            self.orders + other.orders,
            self.length + other.length,
        )


def excuses_below(
    connection: Connection,
    operator_id: int,
    wanted: Wanted,
    now: datetime,
    *,
    limit: int,
    before_id: int | None = None,
) -> Sequence[Row[Any]]:
    """Requests with ids below `before_id`, the latest first."""
    found = _narrowed(EXCUSES.with_order(), operator_id, wanted, now)
    found = found.order_by(_requests.c.id.desc()).limit(limit)
    if before_id is not None:
        found = found.where(_requests.c.id < before_id)
    return connection.execute(found).all()


def excuses_of_channel(connection: Connection, channel_id: int, number: str) -> Sequence[Row[Any]] | None:
    """Every excuse that was asked for of an order of a channel, the earliest first; None where it has no
    such order.
    """
    order_id = connection.scalar(
        select(Order.id).where(Order.channel_id == channel_id, Order.number == number)
    )
    if order_id is None:
        return None
    return connection.execute(
        EXCUSES.with_order().where(_requests.c.order_id == order_id).order_by(_requests.c.id)
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


def decided_by_person(
    connection: Connection, operator_id: int, wanted: Wanted, now: datetime
) -> dict[str, dict[str, Decided]]:
    """What each person decided of these requests as of now, by the codes of their reasons; whoever decided
    most first.
    """
    every = replace(wanted, state=None, is_removing=False)
    length = _requests.c.ends_at - _requests.c.starts_at
    is_removing = _removing(operator_id, every, now)
    one = _narrowed(
        select(_requests, length.label("length"), is_removing.label("is_removing")), operator_id, every, now
    ).subquery("one")
    is_approved = one.c.state == State.APPROVED
    rows = connection.execute(
        select(
            one.c.decided_by,
            one.c.reason_code,
            func.count().filter(is_approved).label("approved"),
            func.count().filter(~is_approved).label("refused"),
            func.count().filter(one.c.is_removing).label("orders"),
            func.coalesce(func.sum(one.c.length).filter(is_approved), timedelta(0)).label("length"),
        )
        .where(one.c.state.in_((State.APPROVED, State.REFUSED)))
        .group_by(one.c.decided_by, one.c.reason_code)
        .order_by(func.count().desc(), one.c.decided_by, one.c.reason_code)
    )
    found: dict[str, dict[str, Decided]] = {}
    for row in rows:
        decided = Decided(row.approved, row.refused, row.orders, row.length)
        found.setdefault(row.decided_by, {})[row.reason_code] = decided
    return found


def _narrowed(found: Select[Any], operator_id: int, wanted: Wanted, now: datetime) -> Select[Any]:
    found = found.where(_requests.c.operator_id == operator_id)
    if wanted.is_due:
        latest = latest_deadlines(Promise.order_id)
        found = found.join(Promise, Promise.order_id == _requests.c.order_id).outerjoin(latest, true())
        # A promise until 24:00 falls due on the day that ends then.
        found = found.where(*wanted.days.hold(binding(latest) - timedelta(microseconds=1)))
    else:
        found = found.where(*wanted.days.hold(_requests.c.asked_at))
    for name in ("state", "reason_code", "decided_by"):
        value = getattr(wanted, name)
        if value is not None:
            found = found.where(_requests.c[name] == value)
    if of_order := _of_order(wanted):
        found = found.where(_requests.c.order_id.in_(select(Order.id).where(*of_order)))
    if wanted.is_removing:
        found = found.where(_removing(operator_id, replace(wanted, is_removing=False), now))
    return found


def _of_order(wanted: Wanted) -> list[ColumnElement[bool]]:
    found = []
    if wanted.county is not None:
        found.append(Order.community_code.startswith(wanted.county, autoescape=True))
    if wanted.channel_id is not None:
        found.append(Order.channel_id == wanted.channel_id)
    if wanted.customer_kind is not None:
        found.append(Order.customer_kind == wanted.customer_kind)
    return found


def _removing(operator_id: int, wanted: Wanted, now: datetime) -> ColumnElement[bool]:
    """Whether a request is why the net figure leaves its order out, of those that are wanted."""
    approved = replace(wanted, state=State.APPROVED)
    return removing(_requests, _narrowed(select(_requests.c.order_id), operator_id, approved, now), now)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), clock.CITY_ZONE)
