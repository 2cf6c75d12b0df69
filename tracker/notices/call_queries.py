"""Reads of call tasks."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from tracker.crypto import KeyRing, UnreadableError
from tracker.masks import mask_phone
from tracker.notices.call_models import CallTask
from tracker.notices.drafts import RECIPIENT
from tracker.notices.models import Notice

OPEN, DUE, ALL = "open", "due", "all"

_SHOWN = (
    CallTask.id,
    CallTask.reason,
    CallTask.detail,
    CallTask.next_attempt_at,
    CallTask.due_at,
    CallTask.attempts,
    CallTask.outcome,
    CallTask.version,
    CallTask.opened_at,
    CallTask.closed_at,
    Notice.params["number"].astext.label("order"),
    Notice.template,
    Notice.language,
    Notice.body.label("text"),
)
_OF_OPERATOR = (
    select(*_SHOWN)
    .join(Notice, Notice.id == CallTask.notice_id)
    .where(CallTask.operator_id == bindparam("operator"))
)
_ONE = _OF_OPERATOR.where(CallTask.id == bindparam("task"))
_PAGE = (
    _OF_OPERATOR.add_columns(Notice.recipient)
    .where(CallTask.id > bindparam("after"))
    .order_by(CallTask.id)
    .limit(bindparam("most"))
)
_PAGES = {
    ALL: _PAGE,
    OPEN: _PAGE.where(CallTask.closed_at.is_(None)),
    DUE: _PAGE.where(CallTask.closed_at.is_(None), CallTask.next_attempt_at <= bindparam("now")),
}


def call_task(connection: Connection, operator_id: int, task_id: int) -> dict[str, Any] | None:
    """One task of an operator as CallTaskSchema shows it, without any part of a number."""
    row = connection.execute(_ONE, {"operator": operator_id, "task": task_id}).one_or_none()
    return None if row is None else row._asdict()


def call_tasks(
    connection: Connection,
    keys: KeyRing,
    operator_id: int,
    *,
    after_id: int,
    limit: int,
    which: str,
    now: datetime,
) -> tuple[list[dict[str, Any]], int | None]:
    """Tasks with ids above `after_id`, oldest first, and the id to go on from, None at the end.

    `which`: OPEN, DUE (open, and the time for the next call has come) or ALL.
    """
    given = {"operator": operator_id, "after": after_id, "most": limit + 1, "now": now}
    rows = connection.execute(_PAGES[which], given).all()
    shown = [_masked(keys, row) for row in rows[:limit]]
    return shown, rows[limit - 1].id if len(rows) > limit else None


def _masked(keys: KeyRing, row: Row[Any]) -> dict[str, Any]:
    shown = row._asdict()
    sealed = bytes(shown.pop("recipient"))
    try:
        shown["recipient_masked"] = mask_phone(keys.open(sealed, RECIPIENT))
    except UnreadableError:
        shown["recipient_masked"] = None
    return shown
