"""Take a call that is to be made, so that no two people call one customer, and leave it again.

A claim is a courtesy and no lock: it ends by itself, another may take it over, and whoever calls all the
same may write that down.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select, update

from tracker import clock
from tracker.calls.queries import Wanted, narrowed
from tracker.notices.call_models import CallTask
from tracker.notices.call_rules import CLAIMED_FOR, is_claimed
from tracker.orders.actor import Actor
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

_tasks = CallTask.__table__


def take_call(runtime: Runtime, actor: Actor, task_id: int, *, take_over: bool = False) -> None:
    """Let others see that `actor` is calling, for CLAIMED_FOR from now on.

    Raises Refusal: call.not_found for a task that is not the operator's, call.closed, or call.claimed where
    somebody else is calling, unless the call is taken over.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        task = connection.execute(_one(actor, task_id).with_for_update()).one_or_none()
        if task is None:
            raise Refusal(Fault("call.not_found"))
        if task.closed_at is not None:
            raise Refusal(Fault("call.closed"))
        others = task.claimed_by != actor.label and is_claimed(task.claimed_by, task.claimed_until, now)
        if others and not take_over:
            raise Refusal(Fault("call.claimed"))
        connection.execute(_claiming([task.id], actor))


def take_next(runtime: Runtime, actor: Actor, wanted: Wanted) -> int | None:
    """Take the call that has waited the longest of those that are due and that nobody else is making.

    `wanted`: the list that somebody works through. None where nothing is left to do in it now.
    """
    now = clock.now()
    free: ColumnElement[bool] = or_(
        CallTask.claimed_until.is_(None), CallTask.claimed_until <= now, CallTask.claimed_by == actor.label
    )
    first = (
        narrowed(select(CallTask.id), actor.operator_id, wanted, now)
        .where(CallTask.next_attempt_at <= now, free)
        .order_by(CallTask.next_attempt_at, CallTask.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=_tasks)
    )
    with runtime.db.transaction() as connection:
        found: int | None = connection.scalar(first)
        if found is not None:
            connection.execute(_claiming([found], actor))
    return found


def leave_call(runtime: Runtime, actor: Actor, task_id: int) -> None:
    """Let others take the call that `actor` had taken; nothing happens to anybody else's."""
    with runtime.db.transaction() as connection:
        connection.execute(
            update(_tasks)
            .where(
                _tasks.c.id == task_id,
                _tasks.c.operator_id == actor.operator_id,
                _tasks.c.claimed_by == actor.label,
            )
            .values(claimed_by=None, claimed_until=None)
        )


def _one(actor: Actor, task_id: int) -> Any:
    return select(_tasks).where(_tasks.c.id == task_id, _tasks.c.operator_id == actor.operator_id)


def _claiming(ids: Sequence[int], actor: Actor) -> Any:
    return (
        update(_tasks)
        .where(_tasks.c.id.in_(ids))
        .values(claimed_by=actor.label, claimed_until=clock.now() + CLAIMED_FOR)
    )


def holds(task: Row[Any], actor: Actor) -> bool:
    """Whether a call is in these hands now."""
    return task.claimed_by == actor.label and is_claimed(task.claimed_by, task.claimed_until, clock.now())
