"""Write down a call that somebody made, and when the next one is due."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from tracker import clock
from tracker.notices.call_models import CallAttempt, CallTask
from tracker.notices.call_rules import LONGEST_NOTE, Call, Outcome, faults_of, may_be_added, next_call
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

_tasks = CallTask.__table__
_LOCKED = (
    select(_tasks)
    .where(_tasks.c.id == bindparam("task"), _tasks.c.operator_id == bindparam("operator"))
    .with_for_update()
)
# The column for which what was said is sealed.
NOTE = "call_attempts.note"
_KEEP = insert(CallAttempt.__table__)
_POINTERS = {
    "call.in_the_future": "/called_at",
    "call.before_the_task": "/called_at",
    "call.time_required": "/call_back_at",
    "call.time_not_expected": "/call_back_at",
    "call.time": "/call_back_at",
}


def record_call(
    runtime: Runtime,
    operator_id: int,
    actor: str,
    task_id: int,
    request: Mapping[str, Any],
    *,
    if_version: int | None = None,
    note: str = "",
    also_closed: bool = False,
) -> int:
    """Record one call, loaded by CallRequestSchema; returns the task's new version.

    `note`: what the customer said, if anything is to be kept of it; sealed. Whoever had claimed the task has
    done with it. `also_closed`: to a task that has closed of late the call is added, and nothing else comes
    of it: the task stays closed, with its outcome. Raises Refusal: call.not_found for a task that is not the
    operator's, version.stale where somebody was faster, call.closed, or every rule that the call breaks.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        task = connection.execute(_LOCKED, {"task": task_id, "operator": operator_id}).one_or_none()
        if task is None:
            raise Refusal(Fault("call.not_found"))
        if if_version is not None and if_version != task.version:
            raise Refusal(Fault("version.stale"))
        if task.closed_at is not None and not (also_closed and may_be_added(task.closed_at, now)):
            raise Refusal(Fault("call.closed"))
        call = Call(Outcome(request["outcome"]), request["called_at"] or now, request["call_back_at"])
        faults = [Fault(rule, _POINTERS[rule]) for rule in faults_of(call, task.opened_at, now)]
        if len(note) > LONGEST_NOTE:
            faults.append(Fault("field.too_long", "/note", {"limit": LONGEST_NOTE}))
        if faults:
            raise Refusal(*faults)
        version: int = task.version + 1
        changes = {} if task.closed_at is not None else _changes(task, call, now)
        connection.execute(update(_tasks).where(_tasks.c.id == task.id).values(version=version, **changes))
        attempt = {
            "operator_id": operator_id,
            "task_id": task.id,
            "outcome": call.outcome,
            "call_back_at": call.call_back_at,
            "actor": actor,
            "called_at": call.called_at,
            "recorded_at": now,
            "note": runtime.keys.seal(note, NOTE) if note else None,
        }
        connection.execute(_KEEP, attempt)
    return version


def _changes(task: Row[Any], call: Call, now: datetime) -> dict[str, Any]:
    """What becomes of an open task."""
    attempts = task.attempts + 1
    changes: dict[str, Any] = {"attempts": attempts, "outcome": call.outcome}
    changes |= {"claimed_by": None, "claimed_until": None}
    following = next_call(call, attempts, now)
    if following is None:
        changes["closed_at"] = now
    else:
        changes["next_attempt_at"], changes["due_at"] = following
    return changes
