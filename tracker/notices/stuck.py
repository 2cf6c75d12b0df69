"""Whoever looks can see which notices are stuck, and why. Reads through the indexes of what is open."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, DateTime, Integer, Row, Select, bindparam, or_, select

from tracker.notices.call_models import CallTask
from tracker.notices.models import Notice
from tracker.notices.rules import QUEUES, State

# A text that has been due, or in doubt, for longer than this needs somebody's eyes.
PATIENCE = timedelta(minutes=5)

DUE = "due_not_sent"
SENDING = "sending_past_its_lease"
UNKNOWN = "unknown"
CALL = "call_overdue"


@dataclass(frozen=True)
class Stuck:
    """A notice without an end, why and since when, and what was last said of it."""

    notice: int
    operator_id: int
    order: str | None
    template: str
    queue: str
    state: str
    why: str
    since: datetime
    attempts: int
    detail: str | None


_at_latest = bindparam("at_latest", type_=DateTime(timezone=True))
_operator = bindparam("operator", type_=Integer)


def _wanted(since: ColumnElement[datetime | None], *conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            Notice.id,
            Notice.operator_id,
            Notice.params["number"].astext.label("order"),
            Notice.template,
            Notice.queue,
            Notice.state,
            Notice.attempts,
            Notice.reason,
            since.label("since"),
        )
        .where(*conditions, since <= _at_latest)
        .where(or_(_operator.is_(None), Notice.operator_id == _operator))
        .order_by(since)
        .limit(bindparam("most"))
    )


# Built once, each along the index of what it looks for: a queue at a time, as theirs is by queue.
_STATEMENTS = [
    *((DUE, _wanted(Notice.next_at, Notice.state == State.CREATED, Notice.queue == q)) for q in QUEUES),
    (SENDING, _wanted(Notice.lease_until, Notice.state == State.SENDING)),
    (UNKNOWN, _wanted(Notice.sending_at, Notice.state == State.UNKNOWN)),
    (CALL, _wanted(CallTask.due_at, CallTask.notice_id == Notice.id, CallTask.closed_at.is_(None))),
]


def stuck(
    connection: Connection, now: datetime, *, operator_id: int | None = None, limit: int = 200
) -> tuple[list[Stuck], bool]:
    """Up to `limit` stuck notices, longest first, of one operator or of all; and whether there are more."""
    found: list[Stuck] = []
    for kind, statement in _STATEMENTS:
        # A person's call is late when it is late.
        at_latest = now if kind == CALL else now - PATIENCE
        given = {"at_latest": at_latest, "operator": operator_id, "most": limit + 1}
        found += [_as_stuck(kind, row) for row in connection.execute(statement, given)]
    found.sort(key=lambda one: (one.since, one.notice))
    return found[:limit], len(found) > limit


def _as_stuck(kind: str, row: Row[Any]) -> Stuck:
    return Stuck(
        row.id,
        row.operator_id,
        row.order,
        row.template,
        row.queue,
        row.state,
        kind,
        row.since,
        row.attempts,
        row.reason,
    )
