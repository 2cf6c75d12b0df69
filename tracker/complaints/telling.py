"""The texts about complaints and ratings, in the transaction of what they tell."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, Row, select

from tracker import clock
from tracker.complaints.history import PHONE
from tracker.crypto import KeyRing
from tracker.notices.drafts import Wanted
from tracker.notices.plan_notices import plan_notices
from tracker.orders import wording
from tracker.orders.models import Order
from tracker.runtime import Runtime


@dataclass(frozen=True)
class Addressee:
    """Who is told, and how."""

    operator_id: int
    order_id: int | None
    language: str
    phone: str
    by_call: bool


def customer_of(order: Row[Any], keys: KeyRing) -> Addressee | None:
    """The customer of an order; None where it was anonymised."""
    if order.anonymised_at is not None:
        return None
    phone = keys.open(bytes(order.contact_phone), "orders.contact_phone")
    return Addressee(order.operator_id, order.id, order.language, phone, order.notify_by == "call")


def complainant_of(connection: Connection, complaint: Row[Any], keys: KeyRing) -> Addressee | None:
    """Whoever complained; None where no number is known, so that the owner has to find a way.

    `complaint`: its operator_id, order_id and contact_phone.
    """
    customer = None
    if complaint.order_id is not None:
        order = connection.execute(select(Order.__table__).where(Order.id == complaint.order_id)).one()
        customer = customer_of(order, keys)
    if complaint.contact_phone is None:
        return customer
    return Addressee(
        complaint.operator_id,
        complaint.order_id,
        "zh" if customer is None else customer.language,
        keys.open(bytes(complaint.contact_phone), PHONE),
        # What the customer of the order wished is about another phone.
        by_call=False,
    )


def tell(
    connection: Connection,
    runtime: Runtime,
    to: Addressee,
    template: str,
    dedup_key: str,
    now: datetime,
    **values: str,
) -> None:
    """Plan one text."""
    reference = runtime.reference.current()
    operator = reference.operators[to.operator_id]
    text = Wanted(
        operator_id=to.operator_id,
        order_id=to.order_id,
        template=template,
        language=to.language,
        values={**values, "hotline": operator.hotline, "signature": operator.signature},
        phone=to.phone,
        dedup_key=dedup_key,
        by_call=to.by_call,
    )
    plan_notices(connection, runtime, reference, [text], now)


def key_of(what: str, row_id: int, template: str) -> str:
    """What makes a text about a complaint or a rating the only one of its kind."""
    return f"{what}:{row_id}:{template}"


def day_in_text(on: date, language: str) -> str:
    """A day as texts say it."""
    return wording.day(datetime.combine(on, time(12), clock.CITY_ZONE), language)
