"""See an order's customer in clear, which the audit trail keeps."""

from sqlalchemy import select

from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.orders.actor import Actor
from tracker.orders.models import Order
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

_FIELDS = ("customer_name", "contact_phone", "address_detail")


def see_customer(runtime: Runtime, actor: Actor, number: str, why: str) -> dict[str, str]:
    """Name, phone and detailed address of an order of the actor's operator, by column.

    That `actor` saw them, and `why`, is stored before they are handed out. Raises Refusal order.not_found.
    """
    wanted = select(Order.id, *(getattr(Order, name) for name in _FIELDS)).where(
        Order.number == number, Order.operator_id == actor.operator_id
    )
    with runtime.db.transaction() as connection:
        row = connection.execute(wanted).one_or_none()
        if row is None:
            raise Refusal(Fault("order.not_found"))
        append(
            connection,
            Action.SAW,
            operator_id=actor.operator_id,
            actor=actor.label,
            subject=f"order:{row.id}",
            fields=_FIELDS,
            why=why,
        )
    return {name: runtime.keys.open(bytes(getattr(row, name)), f"orders.{name}") for name in _FIELDS}
