"""What has been kept for long enough, and what keeps the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, exists, func, or_, select, tuple_

from tracker import clock
from tracker.complaints.models import Complaint
from tracker.complaints.rules import State as ComplaintState
from tracker.crypto import ERASED
from tracker.excuses.models import ExcuseFile
from tracker.notices.heartbeat import last_beat
from tracker.notices.models import Notice
from tracker.notices.rules import State as NoticeState
from tracker.notices.to_staff import TO_STAFF
from tracker.orders.models import Order
from tracker.retention.rules import Keeps
from tracker.site_work.models import SitePhoto
from tracker.subscribers.models import Subscriber
from tracker.visits.models import SlotBooking, VisitSlot

# Until when texts to staff are forgotten: among all texts they are too few to be looked for each night anew.
STAFF_TEXTS = "retention of staff texts"
_UNSETTLED = (NoticeState.CREATED, NoticeState.SENDING, NoticeState.UNKNOWN)


@dataclass(frozen=True)
class Due:
    """How much can be forgotten, and what keeps how many of the orders that are old enough."""

    orders: int
    subscribers: int
    complaints: int
    staff_texts: int
    slots: int
    kept: Mapping[Keeps, int]


def _keeps(before: datetime) -> dict[Keeps, ColumnElement[bool]]:
    of_service = exists().where(
        Subscriber.order_id == Order.id,
        or_(Subscriber.ended_on.is_(None), Subscriber.ended_on >= clock.local_date(before)),
    )
    complained = exists().where(Complaint.order_id == Order.id, Complaint.state == ComplaintState.OPEN)
    unsettled = exists().where(Notice.order_id == Order.id, Notice.state.in_(_UNSETTLED))
    return {Keeps.SUBSCRIPTION: of_service, Keeps.COMPLAINT: complained, Keeps.TEXT: unsettled}


def _old_orders(before: datetime, *wanted: Any) -> Select[Any]:
    return select(*wanted).where(Order.closed_at < before, Order.anonymised_at.is_(None))


def next_of(
    connection: Connection, due: Select[Any], *, behind: Row[Any] | None, limit: int
) -> Sequence[Row[Any]]:
    """So many of what is due, what ended first first. `behind`: the last one that was looked at."""
    ended, row_id = due.selected_columns
    if behind is not None:
        due = due.where(tuple_(ended, row_id) > tuple(behind))
    return connection.execute(due.order_by(ended, row_id).limit(limit)).all()


def orders_due(before: datetime) -> Select[Any]:
    """Orders that ended before then and that nothing keeps: when they ended, and their ids."""
    return _old_orders(before, Order.closed_at, Order.id).where(~or_(*_keeps(before).values()))


def photos_due() -> Select[Any]:
    """Photos of orders that were forgotten: ids, and names of their files."""
    return (
        select(SitePhoto.id, SitePhoto.name)
        .join(Order, Order.id == SitePhoto.order_id)
        .where(Order.anonymised_at.is_not(None))
    )


def evidence_due() -> Select[Any]:
    """Files of excuses of orders that were forgotten: ids, and their names."""
    return (
        select(ExcuseFile.id, ExcuseFile.name)
        .join(Order, Order.id == ExcuseFile.order_id)
        .where(Order.anonymised_at.is_not(None))
    )


def hold_back(connection: Connection, ids: Sequence[int], before: datetime) -> Sequence[int]:
    """Lock these orders; returns those that nothing keeps now.

    Whoever files a complaint or writes a text refers to the order, which waits for the lock; so nothing
    can come in between. An order that somebody works on is left for another night.
    """
    locked = connection.scalars(
        select(Order.id).where(Order.id.in_(ids)).order_by(Order.id).with_for_update(skip_locked=True)
    ).all()
    # A statement of its own, which sees what was committed before the locks were had.
    free = _old_orders(before, Order.id).where(Order.id.in_(locked), ~or_(*_keeps(before).values()))
    return connection.scalars(free).all()


def subscribers_due(before: datetime) -> Select[Any]:
    """Subscriptions that ended before then, whatever keeps an order that one began with."""
    return select(Subscriber.ended_on, Subscriber.id).where(
        Subscriber.ended_on < clock.local_date(before), Subscriber.contact != ERASED
    )


def complaints_due(before: datetime) -> Select[Any]:
    """Complaints that ended before then, about an order or about none."""
    return select(Complaint.ended_at, Complaint.id).where(
        Complaint.ended_at < before, Complaint.text != ERASED
    )


def slots_due(before: datetime) -> Select[Any]:
    """Slots that were over before then and that nobody ever booked."""
    booked = exists().where(SlotBooking.slot_id == VisitSlot.id)
    return select(VisitSlot.ends_at, VisitSlot.id).where(VisitSlot.ends_at < before, ~booked)


def staff_texts_due(since: datetime | None, before: datetime) -> Select[Any]:
    """Texts to staff that were planned before then; `since`: all from before that are forgotten already.

    One that is in doubt is settled within hours, and may be forgotten with the others.
    """
    due = select(Notice.created_at, Notice.id).where(
        Notice.created_at < before, TO_STAFF, Notice.recipient != ERASED
    )
    return due if since is None else due.where(Notice.created_at >= since)


def count_due(connection: Connection, before: datetime, slots_before: datetime) -> Due:
    """Look at everything that is old enough, and change nothing."""
    keeps = _keeps(before)
    why = case(*((clause, name.value) for name, clause in keeps.items()))
    counted = _old_orders(before, why.label("why"), func.count().label("orders")).group_by(why)
    orders = {row.why: row.orders for row in connection.execute(counted)}
    subscribers, complaints, staff_texts, slots = (
        connection.scalar(select(func.count()).select_from(wanted.subquery())) or 0
        for wanted in (
            subscribers_due(before),
            complaints_due(before),
            staff_texts_due(last_beat(connection, STAFF_TEXTS), before),
            slots_due(slots_before),
        )
    )
    return Due(
        orders=orders.get(None, 0),
        subscribers=subscribers,
        complaints=complaints,
        staff_texts=staff_texts,
        slots=slots,
        kept={name: orders[name.value] for name in Keeps if name.value in orders},
    )
