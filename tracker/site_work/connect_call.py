"""Connect an installer with a customer by the code of an order, for the operator's call line."""

from sqlalchemy import select

from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.orders.models import Order
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.site_work.models import CallLineCode

_TO_CONNECT = "专线接通客户"


def number_behind(runtime: Runtime, code: str, actor: str) -> str:
    """The phone of the customer whose open order has this code; that it was asked for is noted.

    Raises Refusal order.not_found for a code that nobody has, or whose order has ended.
    """
    with runtime.db.transaction() as connection:
        order = connection.execute(
            select(Order.id, Order.operator_id, Order.contact_phone)
            .join(CallLineCode, CallLineCode.order_id == Order.id)
            .where(CallLineCode.code == code, Order.closed_at.is_(None))
        ).one_or_none()
        if order is None:
            raise Refusal(Fault("order.not_found"))
        append(
            connection,
            Action.SAW,
            operator_id=order.operator_id,
            actor=actor,
            subject=f"order:{order.id}",
            fields=("contact_phone",),
            why=_TO_CONNECT,
        )
        return runtime.keys.open(bytes(order.contact_phone), "orders.contact_phone")
