"""What a manager may have done about a text that goes its own way: sent once more, or told by a person.

Nobody gets a text twice (invariant I2): only what was surely not delivered is sent again, and that once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, literal, select, update

from tracker import clock
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.notices import tallies
from tracker.notices.call_models import CallTask
from tracker.notices.call_rules import Outcome
from tracker.notices.intervention_rules import fault_of_calling, fault_of_sending
from tracker.notices.models import Notice, NoticeAttempt
from tracker.notices.one_notice import Course
from tracker.notices.open_calls import Needed, open_calls
from tracker.notices.plan_notices import ring_for
from tracker.notices.rules import State, Why, send_from
from tracker.notices.try_again import COPIED
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.templates.seed import SEED

SENT_AGAIN, TO_BE_CALLED = "text sent again", "call asked for"

_notices, _tasks = Notice.__table__, CallTask.__table__


def send_again(runtime: Runtime, operator_id: int, actor: str, notice_id: int) -> int:
    """Plan a text once more that was surely not delivered, in the hours of texts; returns the new one's id.

    A call that is open about it is closed: a second failure opens another. Raises Refusal: notice.not_found,
    or the rule of `intervention_rules` that forbids it.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        notice, tasks = _locked(connection, operator_id, notice_id)
        retry = _retry(connection, notice_id)
        fault = _against_sending(notice, _outcomes(connection, notice_id), tasks, retry)
        if fault is not None:
            raise Refusal(Fault(fault))
        _close_call(connection, notice_id, Outcome.SENT_AGAIN, now)
        template = SEED.get(notice.template)
        next_at = send_from(now, any_hour=template is not None and template.any_hour)
        row = connection.execute(
            insert(_notices)
            .from_select(
                [*COPIED, "dedup_key", "state", "next_at", "created_at", "attempts", "misses", "retry_of"],
                select(
                    *(_notices.c[name] for name in COPIED),
                    _notices.c.dedup_key.concat(":again"),
                    literal(State.CREATED.value),
                    literal(next_at),
                    literal(now),
                    literal(0),
                    literal(0),
                    _notices.c.id,
                ).where(_notices.c.id == notice_id),
            )
            .returning(_notices.c.id, _notices.c.queue, _notices.c.state, _notices.c.next_at)
        ).one()
        ring_for(runtime.bell, [row], now)
        _note(connection, operator_id, actor, notice_id, SENT_AGAIN)
    made: int = row.id
    return made


def tell_by_call(runtime: Runtime, operator_id: int, actor: str, notice_id: int) -> None:
    """Ask a person to call about a text; one that has not gone out is not sent any more.

    Raises Refusal: notice.not_found, or the rule of `intervention_rules` that forbids it.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        notice, tasks = _locked(connection, operator_id, notice_id)
        retry = _retry(connection, notice_id)
        fault = _against_calling(notice, tasks, retry)
        if fault is not None:
            raise Refusal(Fault(fault))
        if retry is not None and retry.state == State.CREATED:
            connection.execute(
                update(_notices)
                .where(_notices.c.id == retry.id)
                .values(state=State.CANCELLED, reason="a person calls instead")
            )
        if notice.state != State.UNDELIVERED:
            connection.execute(
                update(_notices)
                .where(_notices.c.id == notice_id)
                .values(state=State.CALL, reason="a person was asked to call", ask_at=None)
            )
            tallies.count(connection, tallies.reached([State.CALL]))
        needed = Needed(notice_id, notice.template, operator_id, notice.order_id, Why.ASKED, actor)
        open_calls(connection, [needed], now)
        _note(connection, operator_id, actor, notice_id, TO_BE_CALLED)


def what_may_be_done(course: Course) -> tuple[bool, bool]:
    """Whether a text may be sent once more, and whether a person may be asked to call, as it stands now."""
    outcomes = [attempt.outcome for attempt in course.attempts]
    return (
        _against_sending(course.notice, outcomes, course.calls, course.retry) is None,
        _against_calling(course.notice, course.calls, course.retry) is None,
    )


def _against_sending(
    notice: Row[Any], outcomes: Sequence[str], tasks: Sequence[Row[Any]], retry: Row[Any] | None
) -> str | None:
    return fault_of_sending(
        State(notice.state),
        attempts=notice.attempts,
        outcomes=outcomes,
        was_accepted=notice.accepted_at is not None,
        reasons=[task.reason for task in tasks],
        told=any(task.outcome == Outcome.REACHED for task in tasks),
        is_retry=notice.retry_of is not None,
        has_retry=retry is not None,
        has_number=bool(notice.recipient),
        template=notice.template,
    )


def _against_calling(notice: Row[Any], tasks: Sequence[Row[Any]], retry: Row[Any] | None) -> str | None:
    return fault_of_calling(
        State(notice.state),
        call_open=any(task.closed_at is None for task in tasks),
        told=any(task.outcome == Outcome.REACHED for task in tasks),
        retry=None if retry is None else (State(retry.state), retry.attempts),
        has_number=bool(notice.recipient),
        template=notice.template,
    )


def _locked(connection: Connection, operator_id: int, notice_id: int) -> tuple[Row[Any], Sequence[Row[Any]]]:
    """The notice, locked against workers and other managers, and its calls. Raises Refusal."""
    notice = connection.execute(
        select(_notices)
        .where(_notices.c.id == notice_id, _notices.c.operator_id == operator_id)
        .with_for_update()
    ).one_or_none()
    if notice is None:
        raise Refusal(Fault("notice.not_found"))
    tasks = connection.execute(select(_tasks).where(_tasks.c.notice_id == notice_id).with_for_update()).all()
    return notice, tasks


def _outcomes(connection: Connection, notice_id: int) -> Sequence[str]:
    return connection.scalars(select(NoticeAttempt.outcome).where(NoticeAttempt.notice_id == notice_id)).all()


def _retry(connection: Connection, notice_id: int) -> Row[Any] | None:
    return connection.execute(
        select(_notices.c.id, _notices.c.state, _notices.c.attempts)
        .where(_notices.c.retry_of == notice_id)
        .with_for_update()
    ).one_or_none()


def _close_call(connection: Connection, notice_id: int, outcome: Outcome, now: datetime) -> None:
    connection.execute(
        update(_tasks)
        .where(_tasks.c.notice_id == notice_id, _tasks.c.closed_at.is_(None))
        .values(
            outcome=outcome,
            closed_at=now,
            version=_tasks.c.version + 1,
            claimed_by=None,
            claimed_until=None,
        )
    )


def _note(connection: Connection, operator_id: int, actor: str, notice_id: int, why: str) -> None:
    append(
        connection,
        Action.CHANGED,
        operator_id=operator_id,
        actor=actor,
        subject=f"notice:{notice_id}",
        fields=("notice",),
        why=why,
    )
