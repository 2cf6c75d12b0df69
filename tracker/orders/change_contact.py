"""Correct whom an order is for: name, phone, address, and how the customer is told."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, update

from tracker import clock
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.crypto import KeyRing
from tracker.masks import holds_number
from tracker.notices.drafts import Wanted
from tracker.notices.plan_notices import plan_notices
from tracker.notices.redirect import redirect
from tracker.orders.actor import Actor
from tracker.orders.append_events import append_events, event_row
from tracker.orders.locking import lock_order
from tracker.orders.models import CONTACT_KIND, Order
from tracker.orders.proofs import lookup_digest
from tracker.orders.rules import CLOSED, Stage
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

# By the names of ContactChangeSchema: the column, and whether it is sealed.
_COLUMNS = {
    "name": ("customer_name", True),
    "phone": ("contact_phone", True),
    "address_detail": ("address_detail", True),
    "notify_by": ("notify_by", False),
    "language": ("language", False),
}
_PERSONAL = frozenset({"name", "phone", "address_detail"})


def change_contact(
    runtime: Runtime, actor: Actor, number: str, request: Mapping[str, Any], *, if_version: int | None = None
) -> tuple[int, frozenset[str]]:
    """Correct what differs, loaded by ContactChangeSchema; returns the order's new version and what differed.

    The event names the fields and never what stands in them. With the phone change the digests by which the
    order is found and looked up, and where the texts go that are still to come; whoever has the former phone
    is told that it was changed, in a text that names neither number. Raises Refusal: order.not_found,
    version.stale, contact.order_ended, contact.nothing_new, contact.reason_personal.
    """
    now = clock.now()
    if holds_number(request["reason"]):
        raise Refusal(Fault("contact.reason_personal", "/reason"))
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, if_version)
        if Stage(order.stage) in CLOSED:
            raise Refusal(Fault("contact.order_ended"))
        former = _present(runtime.keys, order)
        changed = {
            name: request[name] for name in _COLUMNS if name in request and request[name] != former[name]
        }
        if not changed:
            raise Refusal(Fault("contact.nothing_new"))
        version = order.version + 1
        columns = _columns(runtime.keys, order, changed)
        connection.execute(update(Order).where(Order.id == order.id).values(version=version, **columns))
        event = event_row(
            order,
            version,
            CONTACT_KIND,
            actor=actor.label,
            occurred_at=now,
            recorded_at=now,
            reason_text=request["reason"],
            detail={"fields": sorted(changed)},
        )
        append_events(connection, [event])
        if "phone" in changed:
            redirect(connection, runtime.keys, order.id, changed["phone"])
            _tell_former(connection, runtime, order, former["phone"], version)
        if personal := sorted(_COLUMNS[name][0] for name in _PERSONAL & changed.keys()):
            append(
                connection,
                Action.CHANGED,
                operator_id=order.operator_id,
                actor=actor.label,
                subject=f"order:{order.id}",
                fields=personal,
                why=request["reason"],
            )
    return version, frozenset(changed)


def _present(keys: KeyRing, order: Row[Any]) -> dict[str, str]:
    return {
        name: keys.open(bytes(getattr(order, column)), f"orders.{column}")
        if sealed
        else getattr(order, column)
        for name, (column, sealed) in _COLUMNS.items()
    }


def _columns(keys: KeyRing, order: Row[Any], changed: Mapping[str, str]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, value in changed.items():
        column, sealed = _COLUMNS[name]
        columns[column] = keys.seal(value, f"orders.{column}") if sealed else value
    if "phone" in changed:
        columns["phone_digest"] = keys.digest_of("orders.phone", changed["phone"])
        columns["lookup_digest"] = lookup_digest(keys, order.number, changed["phone"][-4:])
    return columns


def _tell_former(connection: Connection, runtime: Runtime, order: Row[Any], phone: str, version: int) -> None:
    """So that nobody's order is taken over unnoticed."""
    reference = runtime.reference.current()
    operator = reference.operators[order.operator_id]
    text = Wanted(
        operator_id=order.operator_id,
        order_id=order.id,
        template="contact_changed",
        language=order.language,
        values={"number": order.number, "hotline": operator.hotline, "signature": operator.signature},
        phone=phone,
        by_call=order.notify_by == "call",
        dedup_key=f"order:{order.id}:{version}:contact_changed",
    )
    plan_notices(connection, runtime, reference, [text], clock.now())
