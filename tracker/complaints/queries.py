"""Reads of complaints for an operator's staff, and of what presses. Nothing here opens a sealed column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Date, Row, Select, bindparam, case, cast, func, literal, select

from tracker.complaints.models import Complaint, ComplaintEvent
from tracker.complaints.rules import NEAR_DAYS, State
from tracker.orders.models import Order
from tracker.staff.models import Account

_complaints = Complaint.__table__
_events = ComplaintEvent.__table__

# What a list may be narrowed to: by state, and the open ones by their due day.
SHOWN = ("open", "near", "overdue", "closed", "retracted")

_LISTED = (
    _complaints.c.id,
    _complaints.c.number,
    _complaints.c.source,
    _complaints.c.topic,
    _complaints.c.state,
    _complaints.c.received_at,
    _complaints.c.due_on,
    _complaints.c.next_on,
    _complaints.c.ended_at,
    _complaints.c.owner_id,
    _complaints.c.result,
    _complaints.c.settled_at_outlet,
    _complaints.c.satisfaction,
    Order.number.label("order_number"),
    Account.display_name.label("owner_name"),
)


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to; None leaves it open. `owner_id`: only what is in this person's hands."""

    shown: str | None = None
    topic: str | None = None
    source: str | None = None
    owner_id: int | None = None


def complaint_page(
    connection: Connection, operator_id: int, wanted: Wanted, today: date, *, limit: int, skip: int
) -> tuple[Sequence[Row[Any]], bool]:
    """A page of an operator's complaints, and whether there are more: open ones first, the first due first;
    then the others, the latest first.
    """
    is_open = _complaints.c.state == State.OPEN
    rows = connection.execute(
        _narrowed(_list(operator_id), wanted, today)
        .order_by(
            is_open.desc(),
            case((is_open, _complaints.c.due_on)),
            case((is_open, _complaints.c.id)),
            _complaints.c.id.desc(),
        )
        .limit(limit + 1)
        .offset(skip)
    ).all()
    return rows[:limit], len(rows) > limit


def complaints_below(
    connection: Connection,
    operator_id: int,
    wanted: Wanted,
    today: date,
    *,
    limit: int,
    before_id: int | None,
) -> Sequence[Row[Any]]:
    """Complaints with ids below `before_id`, the latest first: to go through all of them."""
    found = _narrowed(_list(operator_id), wanted, today).order_by(_complaints.c.id.desc()).limit(limit)
    if before_id is not None:
        found = found.where(_complaints.c.id < before_id)
    return connection.execute(found).all()


def complaint_row(connection: Connection, operator_id: int, complaint_id: int) -> Row[Any] | None:
    """One of an operator's, with its sealed columns."""
    wanted = _list(operator_id).add_columns(
        _complaints.c.version,
        _complaints.c.text,
        _complaints.c.contact_name,
        _complaints.c.contact_phone,
        _complaints.c.filed_by,
        _complaints.c.filed_at,
    )
    return connection.execute(wanted.where(_complaints.c.id == complaint_id)).one_or_none()


def complaint_of_number(connection: Connection, operator_id: int, number: str) -> Row[Any] | None:
    """The complaint of this number as the list has it, if it is the operator's."""
    return connection.execute(_list(operator_id).where(_complaints.c.number == number)).one_or_none()


def history(connection: Connection, complaint_id: int) -> Sequence[Row[Any]]:
    """What was done about it, the latest first."""
    wanted = select(_events).where(_events.c.complaint_id == complaint_id).order_by(_events.c.id.desc())
    return connection.execute(wanted).all()


def complaints_of_order(connection: Connection, operator_id: int, order_id: int) -> Sequence[Row[Any]]:
    """Every complaint about an order, the latest first."""
    wanted = _list(operator_id).where(_complaints.c.order_id == order_id)
    return connection.execute(wanted.order_by(_complaints.c.id.desc())).all()


_OPEN = select(
    func.count().label("open"),
    func.count()
    .filter(_complaints.c.due_on.between(bindparam("today", type_=Date), bindparam("near", type_=Date)))
    .label("near"),
    func.count().filter(_complaints.c.due_on < bindparam("today", type_=Date)).label("overdue"),
).where(_complaints.c.state == State.OPEN)


def pressing(connection: Connection, today: date, operator_id: int | None = None) -> Mapping[str, int]:
    """How many are open, near their due day and past it, of one operator or of all.

    What is read is what is open, however many there ever were.
    """
    wanted = _OPEN if operator_id is None else _OPEN.where(_complaints.c.operator_id == operator_id)
    given = {"today": today, "near": today + timedelta(days=NEAR_DAYS)}
    return connection.execute(wanted, given).one()._asdict()


def _list(operator_id: int) -> Select[Any]:
    return (
        select(*_LISTED)
        .select_from(_complaints)
        .outerjoin(Order.__table__, Order.id == _complaints.c.order_id)
        .outerjoin(Account.__table__, Account.id == _complaints.c.owner_id)
        .where(_complaints.c.operator_id == operator_id)
    )


def _narrowed(found: Select[Any], wanted: Wanted, today: date) -> Select[Any]:
    day = cast(literal(today), Date)
    if wanted.shown in ("near", "overdue"):
        found = found.where(_complaints.c.state == State.OPEN)
        if wanted.shown == "overdue":
            found = found.where(_complaints.c.due_on < day)
        else:
            last = cast(literal(today + timedelta(days=NEAR_DAYS)), Date)
            found = found.where(_complaints.c.due_on.between(day, last))
    elif wanted.shown is not None:
        found = found.where(_complaints.c.state == wanted.shown)
    for name in ("topic", "source", "owner_id"):
        value = getattr(wanted, name)
        if value is not None:
            found = found.where(_complaints.c[name] == value)
    return found
