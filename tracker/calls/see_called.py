"""See whom a call is to reach, and what was written down of earlier calls, which the audit trail keeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from tracker.audit.note_seen import note_seen
from tracker.calls.claim import holds
from tracker.notices.call_models import CallTask
from tracker.notices.drafts import RECIPIENT
from tracker.notices.models import Notice
from tracker.notices.record_call import NOTE
from tracker.orders.actor import Actor
from tracker.orders.models import Order
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

WHY = "call made"


@dataclass(frozen=True)
class Called:
    """Whom to ask for, empty where no order names anybody, and the number; it is E.164."""

    name: str
    phone: str


def see_called(runtime: Runtime, actor: Actor, task_id: int) -> Called:
    """Name and number for a call that is in the actor's hands.

    That `actor` saw them is stored before they are handed out, once a day for each customer. Raises Refusal:
    call.not_found, call.not_claimed, or call.closed where the number has been forgotten meanwhile.
    """
    wanted = (
        select(
            CallTask.claimed_by,
            CallTask.claimed_until,
            CallTask.order_id,
            CallTask.notice_id,
            Notice.recipient,
            Order.customer_name,
        )
        .join(Notice, Notice.id == CallTask.notice_id)
        .outerjoin(Order, Order.id == CallTask.order_id)
        .where(CallTask.id == task_id, CallTask.operator_id == actor.operator_id)
    )
    with runtime.db.transaction() as connection:
        row = connection.execute(wanted).one_or_none()
        if row is None:
            raise Refusal(Fault("call.not_found"))
        if not holds(row, actor):
            raise Refusal(Fault("call.not_claimed"))
        if not row.recipient:
            raise Refusal(Fault("call.closed"))
        fields = ("contact_phone",) if row.order_id is None else ("customer_name", "contact_phone")
        note_seen(
            connection,
            [_subject(row)],
            operator_id=actor.operator_id,
            actor=actor.label,
            fields=fields,
            why=WHY,
        )
    name = runtime.keys.open(bytes(row.customer_name), "orders.customer_name") if row.customer_name else ""
    return Called(name, runtime.keys.open(bytes(row.recipient), RECIPIENT))


def see_notes(runtime: Runtime, actor: Actor, task: Row[Any], attempts: Sequence[Row[Any]]) -> list[str]:
    """The note of each of a task's calls, empty where there is none.

    `task` bears `order_id` and `notice_id`. That `actor` saw notes is stored before they are handed out, once
    a day for each customer.
    """
    if not any(one.note is not None for one in attempts):
        return [""] * len(attempts)
    with runtime.db.transaction() as connection:
        note_seen(
            connection,
            [_subject(task)],
            operator_id=actor.operator_id,
            actor=actor.label,
            fields=("call_note",),
            why="earlier calls shown",
        )
    return ["" if one.note is None else runtime.keys.open(bytes(one.note), NOTE) for one in attempts]


def _subject(task: Row[Any]) -> str:
    return f"notice:{task.notice_id}" if task.order_id is None else f"order:{task.order_id}"
