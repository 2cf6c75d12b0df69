"""See whom a call is to reach, in clear, which the audit trail keeps."""

from dataclasses import dataclass

from sqlalchemy import select

from tracker.audit.note_seen import note_seen
from tracker.calls.claim import holds
from tracker.notices.call_models import CallTask
from tracker.notices.drafts import RECIPIENT
from tracker.notices.models import Notice
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
        subject = f"notice:{row.notice_id}" if row.order_id is None else f"order:{row.order_id}"
        fields = ("contact_phone",) if row.order_id is None else ("customer_name", "contact_phone")
        note_seen(
            connection,
            [subject],
            operator_id=actor.operator_id,
            actor=actor.label,
            fields=fields,
            why=WHY,
        )
    name = runtime.keys.open(bytes(row.customer_name), "orders.customer_name") if row.customer_name else ""
    return Called(name, runtime.keys.open(bytes(row.recipient), RECIPIENT))
