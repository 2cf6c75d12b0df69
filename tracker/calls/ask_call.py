"""Ask for a call to the customer of an order that may break its promise: one task, whoever asks how often."""

from typing import Any

from sqlalchemy import Connection, Row, func, select

from tracker import clock
from tracker.calls.queries import open_calls_of
from tracker.notices.drafts import Wanted
from tracker.notices.models import Notice
from tracker.notices.plan_notices import plan_notices
from tracker.orders.actor import Actor
from tracker.orders.head import Head, head_of
from tracker.orders.locking import lock_order
from tracker.orders.rules import TO_INSTALL
from tracker.problems import Fault, Refusal
from tracker.promises import wording
from tracker.runtime import Runtime

# What is to be said.
TEMPLATE = "visit_to_agree"


def ask_call(runtime: Runtime, actor: Actor, number: str) -> int:
    """The id of the task of calling an order's customer: the most urgent that is open, else a new one.

    Raises Refusal: order.not_found, call.order_done.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, None)
        if order.stage not in TO_INSTALL:
            raise Refusal(Fault("call.order_done"))
        waiting = open_calls_of(connection, order.operator_id, order.id)
        if not waiting:
            head = head_of(connection, order.operator_id, number, now)
            assert head is not None  # noqa: S101 - it is locked
            wanted = _wanted(connection, runtime, order, head)
            plan_notices(connection, runtime, runtime.reference.current(), [wanted], now)
            waiting = open_calls_of(connection, order.operator_id, order.id)
    found: int = waiting[0].id
    return found


def _wanted(connection: Connection, runtime: Runtime, order: Row[Any], head: Head) -> Wanted:
    operator = runtime.reference.current().operators[order.operator_id]
    english = order.language == "en"
    deadline = (
        wording.deadline_for_sms_en(head.deadline) if english else wording.deadline_for_sms(head.deadline)
    )
    asked_before = connection.scalar(
        select(func.count()).where(Notice.order_id == order.id, Notice.template == TEMPLATE)
    )
    return Wanted(
        operator_id=order.operator_id,
        order_id=order.id,
        template=TEMPLATE,
        language=order.language,
        values={
            "number": order.number,
            "deadline": deadline,
            "hotline": operator.hotline,
            "signature": operator.signature,
        },
        phone=runtime.keys.open(bytes(order.contact_phone), "orders.contact_phone"),
        dedup_key=f"order:{order.id}:call:{asked_before}",
        call_asked_for=True,
    )
