"""Text a phone the numbers of its open orders, for whoever has lost them."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, select

from tracker.contacts.record_wish import PURPOSE as RECIPIENT
from tracker.customer_requests.request import Request, Result
from tracker.customer_requests.rules import ASKED_FOR, MOST_NUMBERS, NUMBERS_TEXT
from tracker.notices.asked_for import may_ask_from
from tracker.notices.drafts import Wanted
from tracker.notices.models import Notice
from tracker.notices.plan_notices import plan_notices
from tracker.orders.models import Order
from tracker.runtime import Runtime

_OPEN = (
    select(Order.id, Order.operator_id, Order.number, Order.language, Order.notify_by, Order.contact_phone)
    .where(Order.closed_at.is_(None))
    .order_by(Order.operator_id, Order.id.desc())
)


def find_numbers(connection: Connection, runtime: Runtime, request: Request, now: datetime) -> Result:
    """Plan one text for each operator that has open orders of the phone, in the newest one's language.

    Where there are none, or texts were asked for too often, nothing happens; and in no case does the
    outcome say which it was.
    """
    digest = bytes.fromhex(request.payload["phone_digest"])
    orders = connection.execute(_OPEN.where(Order.phone_digest == digest)).all()
    if orders:
        phone = runtime.keys.open(bytes(orders[0].contact_phone), "orders.contact_phone")
        recipient = runtime.keys.digest_of(RECIPIENT, phone)
        if may_ask_from(connection, recipient, Notice.template.in_(ASKED_FOR), now) is None:
            texts = [
                _text(runtime, request, list(of_operator), phone)
                for _, of_operator in groupby(orders, lambda order: order.operator_id)
            ]
            plan_notices(connection, runtime, runtime.reference.current(), texts, now)
    return Result()


def _text(runtime: Runtime, request: Request, orders: Sequence[Row[Any]], phone: str) -> Wanted:
    newest = orders[0]
    operator = runtime.reference.current().operators[newest.operator_id]
    between = ", " if newest.language == "en" else "、"
    return Wanted(
        operator_id=newest.operator_id,
        order_id=newest.id,
        template=NUMBERS_TEXT,
        language=newest.language,
        values={
            "numbers": between.join(order.number for order in orders[:MOST_NUMBERS]),
            "hotline": operator.hotline,
            "signature": operator.signature,
        },
        phone=phone,
        dedup_key=f"request:{request.id}:numbers:{newest.operator_id}",
        by_call=newest.notify_by == "call",
    )
