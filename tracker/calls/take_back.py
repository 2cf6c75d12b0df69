"""Take back what was written down of a call, by whoever wrote it down a moment ago."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, insert, select, update

from tracker import clock
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.calls.queries import STANDS
from tracker.notices.call_models import CallAttempt, CallTask
from tracker.notices.call_rules import (
    CLAIMED_FOR,
    TAKEN_BACK,
    Call,
    Outcome,
    first_call,
    is_claimed,
    next_call,
)
from tracker.notices.models import Notice
from tracker.notices.rules import State
from tracker.orders.actor import Actor
from tracker.orders.undo_hold import UNDO_WITHIN
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

WHY = "call taken back"

_tasks, _attempts = CallTask.__table__, CallAttempt.__table__


def take_back(runtime: Runtime, actor: Actor, task_id: int, *, if_version: int) -> None:
    """Let the task stand as it did before the actor's last call, which is in their hands again.

    The history keeps the call and says that it was taken back. Of one that was added to a closed task nothing
    else had come, and the task stays closed. `if_version`: the task's as the actor saw it.
    Raises Refusal: call.not_found, version.stale, call.nothing_to_take_back, call.take_back_over, or
    call.claimed where somebody else is calling by now.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        task = _locked(connection, actor, task_id)
        if task.version != if_version:
            raise Refusal(Fault("version.stale"))
        last, former = _last_two(connection, task.id)
        until = take_back_until(task, last, actor.label)
        is_added = last is not None and was_added(task, last)
        if until is None or (not is_added and _is_told_otherwise(connection, task)):
            raise Refusal(Fault("call.nothing_to_take_back"))
        if until <= now:
            raise Refusal(Fault("call.take_back_over"))
        if task.claimed_by != actor.label and is_claimed(task.claimed_by, task.claimed_until, now):
            raise Refusal(Fault("call.claimed"))
        changes = {} if is_added else _before_it(task, former, actor, now)
        connection.execute(
            update(_tasks).where(_tasks.c.id == task.id).values(version=task.version + 1, **changes)
        )
        connection.execute(
            insert(_attempts).values(
                operator_id=task.operator_id,
                task_id=task.id,
                outcome=TAKEN_BACK,
                actor=actor.label,
                called_at=last.called_at,
                recorded_at=now,
            )
        )
        append(
            connection,
            Action.CHANGED,
            operator_id=task.operator_id,
            actor=actor.label,
            subject=f"notice:{task.notice_id}",
            fields=("call",),
            why=WHY,
        )


def take_back_until(task: Row[Any], last: Row[Any] | None, actor: str) -> datetime | None:
    """Until when the actor may take the last entry of a task's history back; None where it is not theirs, or
    the task has gone on since.
    """
    if last is None or last.actor != actor or last.outcome == TAKEN_BACK:
        return None
    if last.outcome != task.outcome and not was_added(task, last):
        return None
    until: datetime = last.recorded_at + UNDO_WITHIN
    return until


def was_added(task: Row[Any], call: Row[Any]) -> bool:
    """Whether a call was written down only after its task had closed."""
    return task.closed_at is not None and call.recorded_at > task.closed_at


def _before_it(task: Row[Any], former: Row[Any] | None, actor: Actor, now: datetime) -> dict[str, Any]:
    """The task as it stood before its last call, in the actor's hands."""
    begins, due = _was_due(task, former)
    return {
        "attempts": task.attempts - 1,
        "outcome": former.outcome if former else None,
        "closed_at": None,
        "next_attempt_at": begins,
        "due_at": due,
        "claimed_by": actor.label,
        "claimed_until": now + CLAIMED_FOR,
    }


def _locked(connection: Connection, actor: Actor, task_id: int) -> Row[Any]:
    """The task, and its notice, locked in the order in which others lock them."""
    mine = (_tasks.c.id == task_id, _tasks.c.operator_id == actor.operator_id)
    notice = select(Notice.id).where(Notice.id == select(_tasks.c.notice_id).where(*mine).scalar_subquery())
    connection.execute(notice.with_for_update())
    task = connection.execute(select(_tasks).where(*mine).with_for_update()).one_or_none()
    if task is None:
        raise Refusal(Fault("call.not_found"))
    return task


def _last_two(connection: Connection, task_id: int) -> tuple[Row[Any] | None, Row[Any] | None]:
    """The last entry of the task's history, and the call that stands before it."""
    of_task = select(_attempts).where(_attempts.c.task_id == task_id).order_by(_attempts.c.id.desc()).limit(1)
    last = connection.execute(of_task).one_or_none()
    if last is None:
        return None, None
    return last, connection.execute(of_task.where(_attempts.c.id < last.id, STANDS)).one_or_none()


def _is_told_otherwise(connection: Connection, task: Row[Any]) -> bool:
    """Whether the text has gone its own way since the call: it arrived, or another task is open about it."""
    others = exists().where(
        _tasks.c.notice_id == task.notice_id, _tasks.c.id != task.id, _tasks.c.closed_at.is_(None)
    )
    found = connection.execute(select(Notice.state, others).where(Notice.id == task.notice_id)).one()
    return found[0] not in (State.CALL, State.UNDELIVERED) or found[1]


def _was_due(task: Row[Any], former: Row[Any] | None) -> tuple[datetime, datetime]:
    """From when and by when the call was to be made that was taken back."""
    following = None
    if former is not None:
        call = Call(Outcome(former.outcome), former.called_at, former.call_back_at)
        following = next_call(call, task.attempts - 1, former.recorded_at)
    return following or first_call(task.opened_at)
