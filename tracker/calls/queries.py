"""Reads of calls for an operator's staff: what is to be done first, and one task with its past."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, select, tuple_
from sqlalchemy.orm import aliased

from tracker import clock
from tracker.notices.call_models import CallAttempt, CallTask
from tracker.notices.call_rules import TAKEN_BACK
from tracker.notices.models import Notice
from tracker.orders.models import Order

# What waits is counted along its index, and no further than this.
COUNT_LIMIT = 100_000

Position = tuple[datetime, int]
"""Behind which task to go on: when its next call is to be made, and its id."""

_next = aliased(CallAttempt)
_FOLLOWING = (
    select(_next.outcome)
    .where(_next.task_id == CallAttempt.task_id, _next.id > CallAttempt.id)
    .order_by(_next.id)
    .limit(1)
    .correlate(CallAttempt)
    .scalar_subquery()
)
_IS_TAKEN_BACK = func.coalesce(_FOLLOWING, "") == TAKEN_BACK
STANDS = and_(CallAttempt.outcome != TAKEN_BACK, ~_IS_TAKEN_BACK)
"""Of an attempt: it is a call, and was not taken back."""

_LISTED = (
    CallTask.id,
    CallTask.notice_id,
    CallTask.order_id,
    CallTask.reason,
    CallTask.detail,
    CallTask.due_at,
    CallTask.next_attempt_at,
    CallTask.attempts,
    CallTask.outcome,
    CallTask.version,
    CallTask.opened_at,
    CallTask.closed_at,
    CallTask.claimed_by,
    CallTask.claimed_until,
    Notice.template,
    Notice.language,
    Notice.recipient,
    Order.number.label("order_number"),
    Order.community_code,
    Order.stage,
)


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; None leaves it open. `area`: the beginning of a community's code, which
    is that of a county or town.
    """

    template: str | None = None
    reason: str | None = None
    area: str | None = None
    overdue: bool = False


def narrowed(found: Select[Any], operator_id: int, wanted: Wanted, now: datetime) -> Select[Any]:
    """Of open tasks, with their notices and orders."""
    found = (
        found.select_from(CallTask)
        .join(Notice, Notice.id == CallTask.notice_id)
        .outerjoin(Order, Order.id == CallTask.order_id)
        .where(CallTask.operator_id == operator_id, CallTask.closed_at.is_(None))
    )
    if wanted.template is not None:
        found = found.where(Notice.template == wanted.template)
    if wanted.reason is not None:
        found = found.where(CallTask.reason == wanted.reason)
    if wanted.area is not None:
        found = found.where(Order.community_code.startswith(wanted.area, autoescape=True))
    return found.where(CallTask.due_at < now) if wanted.overdue else found


def call_page(
    connection: Connection,
    operator_id: int,
    wanted: Wanted,
    now: datetime,
    *,
    behind: Position | None,
    limit: int,
) -> tuple[Sequence[Row[Any]], Position | None]:
    """Open tasks, those whose time has come the longest ago first; and the place to go on behind, if any."""
    found = narrowed(select(*_LISTED), operator_id, wanted, now)
    if behind is not None:
        found = found.where(tuple_(CallTask.next_attempt_at, CallTask.id) > tuple_(*behind))
    rows = connection.execute(found.order_by(CallTask.next_attempt_at, CallTask.id).limit(limit + 1)).all()
    shown = rows[:limit]
    return shown, (shown[-1].next_attempt_at, shown[-1].id) if len(rows) > limit else None


def call_row(connection: Connection, operator_id: int, task_id: int) -> Row[Any] | None:
    """One of an operator's tasks, open or closed, with the text that it stands for."""
    wanted = (
        select(*_LISTED, Notice.body, Notice.state.label("notice_state"))
        .select_from(CallTask)
        .join(Notice, Notice.id == CallTask.notice_id)
        .outerjoin(Order, Order.id == CallTask.order_id)
        .where(CallTask.operator_id == operator_id, CallTask.id == task_id)
    )
    return connection.execute(wanted).one_or_none()


def attempts_of(connection: Connection, task_id: int) -> Sequence[Row[Any]]:
    """The calls that were made for a task, and takings back of them (`TAKEN_BACK`), the latest first.

    `is_taken_back`: the one before such a line.
    """
    wanted = select(*CallAttempt.__table__.c, _IS_TAKEN_BACK.label("is_taken_back")).where(
        CallAttempt.task_id == task_id
    )
    return connection.execute(wanted.order_by(CallAttempt.id.desc())).all()


def open_calls_of(connection: Connection, operator_id: int, order_id: int) -> Sequence[Row[Any]]:
    """The calls that are to be made about an order, the most urgent first."""
    return connection.execute(
        select(CallTask.id, CallTask.reason, CallTask.next_attempt_at, CallTask.due_at)
        .where(
            CallTask.order_id == order_id,
            CallTask.operator_id == operator_id,
            CallTask.closed_at.is_(None),
        )
        .order_by(CallTask.due_at, CallTask.id)
    ).all()


def counts(connection: Connection, operator_id: int, now: datetime) -> Mapping[str, int]:
    """How many calls are `due` now, `overdue` (of those), to be made later `today`, and `later`; up to
    COUNT_LIMIT of them.
    """
    tomorrow = midnight_after(now)
    waiting = (
        select(CallTask.next_attempt_at.label("next_attempt_at"), CallTask.due_at.label("due_at"))
        .where(CallTask.operator_id == operator_id, CallTask.closed_at.is_(None))
        .order_by(CallTask.next_attempt_at)
        .limit(COUNT_LIMIT)
        .subquery()
    )
    counted = select(
        func.count().filter(waiting.c.next_attempt_at <= now).label("due"),
        func.count().filter(waiting.c.due_at < now).label("overdue"),
        func.count()
        .filter(and_(waiting.c.next_attempt_at > now, waiting.c.next_attempt_at < tomorrow))
        .label("today"),
        func.count()
        .filter(and_(waiting.c.next_attempt_at > now, waiting.c.next_attempt_at >= tomorrow))
        .label("later"),
    )
    return connection.execute(counted).one()._asdict()


def midnight_after(now: datetime) -> datetime:
    """When the day of the city ends."""
    return datetime.combine(clock.local_date(now) + timedelta(days=1), time(0), clock.CITY_ZONE)


def when_of(row: Row[Any], now: datetime) -> str:
    """`due`, `today` or `later`: when the next call of an open task is to be made."""
    if row.next_attempt_at <= now:
        return "due"
    return "today" if row.next_attempt_at < midnight_after(now) else "later"
