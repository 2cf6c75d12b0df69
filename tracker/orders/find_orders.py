"""Find an operator's orders by what somebody at the desk has: a number, part of one, a phone, a reference."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import ColumnElement, Row, Select, select

from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.fields import Phone
from tracker.masks import mask_name, mask_phone
from tracker.orders import numbers
from tracker.orders.actor import Actor
from tracker.orders.models import Order
from tracker.runtime import Runtime

MOST = 20
_LONGEST = 64
# Greater than whatever a number may go on with, in every collation.
_LAST = "Z" * 16
_phone = Phone()


@dataclass(frozen=True)
class Hit:
    """An order that was found, its customer behind masks."""

    order: Row[Any]
    name: str
    phone: str


@dataclass(frozen=True)
class Hits:
    """What was found, the newest first; `more`: there are others. `by_phone`: what was typed is a phone."""

    orders: Sequence[Hit]
    more: bool = False
    by_phone: bool = False


def find_orders(runtime: Runtime, actor: Actor, typed: str) -> Hits:
    """The orders that what was typed may mean.

    A phone is compared by its digest. Nobody's data is seen in clear, but that somebody looked for a phone is
    noted in the audit trail (`Action.SOUGHT`) for each order that was found, or once where none was: to try
    out whose customer somebody is would be a misuse too.
    """
    typed = typed.strip()[:_LONGEST].replace("\0", "")
    if not typed:
        return Hits(())
    if number := numbers.normalise(typed):
        return _hits(runtime, _orders(actor, Order.number == number))
    phone = _phone_in(typed)
    if phone is not None:
        called = _by_phone(runtime, actor, phone)
        if called.orders:
            return called
    found = _hits(runtime, _orders(actor, _under_reference(runtime, actor, typed)))
    if found.orders or phone is not None:
        return replace(found, by_phone=not found.orders)
    piece = numbers.piece_of(typed)
    if piece is None:
        return found
    part, is_beginning = piece
    if is_beginning:
        return _hits(runtime, _orders(actor, Order.number >= part, Order.number <= part + _LAST))
    # By its end a number is only looked for among the open orders, which are few.
    return _hits(
        runtime, _orders(actor, Order.closed_at.is_(None), Order.number.endswith(part, autoescape=True))
    )


def _by_phone(runtime: Runtime, actor: Actor, phone: str) -> Hits:
    digest = runtime.keys.digest_of("orders.phone", phone)
    with runtime.db.transaction() as connection:
        found = _hits(runtime, _orders(actor, Order.phone_digest == digest))
        for subject in [f"order:{hit.order.id}" for hit in found.orders] or ["search:phone"]:
            append(
                connection,
                Action.SOUGHT,
                operator_id=actor.operator_id,
                actor=actor.label,
                subject=subject,
                fields=("contact_phone",),
                why="searched by phone",
            )
    return Hits(found.orders, found.more, by_phone=True)


def _phone_in(typed: str) -> str | None:
    try:
        phone: str = _phone.deserialize(typed)
    except ValidationError:
        return None
    return phone


def _under_reference(runtime: Runtime, actor: Actor, typed: str) -> ColumnElement[bool]:
    channels = runtime.reference.current().channels.values()
    own = [channel.id for channel in channels if channel.operator_id == actor.operator_id]
    return Order.channel_id.in_(own) & (Order.external_reference == typed)


def _orders(actor: Actor, *wanted: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            Order.id,
            Order.number,
            Order.stage,
            Order.accepted_at,
            Order.community_code,
            Order.external_reference,
            Order.customer_name,
            Order.contact_phone,
        )
        .where(Order.operator_id == actor.operator_id, *wanted)
        .order_by(Order.id.desc())
        .limit(MOST + 1)
    )


def _hits(runtime: Runtime, wanted: Select[Any]) -> Hits:
    with runtime.db.reading() as connection:
        rows = connection.execute(wanted).all()
    keys = runtime.keys
    hits = [
        Hit(
            row,
            mask_name(keys.open(bytes(row.customer_name), "orders.customer_name")),
            mask_phone(keys.open(bytes(row.contact_phone), "orders.contact_phone")),
        )
        for row in rows[:MOST]
    ]
    return Hits(hits, more=len(rows) > MOST)
