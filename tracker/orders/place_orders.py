"""Take in orders: check them, promise a date, and write order, event, promise and text at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or

from tracker import clock
from tracker.crypto import KeyRing
from tracker.notices.plan_notices import Wanted, plan_notices
from tracker.orders import numbers
from tracker.orders.check_order import CheckedOrder, check_order, digest_of
from tracker.orders.models import Order, OrderEvent
from tracker.orders.rules import Stage
from tracker.orders.tell_changes import changes_ahead
from tracker.orders.wording import is_news
from tracker.problems import Fault, Refusal
from tracker.promises import wording
from tracker.promises.models import Promise
from tracker.reference import ChannelFacts, Reference
from tracker.runtime import Runtime

# Built once: putting a statement together costs more than PostgreSQL takes to run it.
_orders = Order.__table__
_INSERT_ORDERS = (
    insert_or(_orders)
    # Of the channel's own number, which is stored then, or of ours, which another order got: see `_insert`.
    .on_conflict_do_nothing()
    .returning(_orders.c.external_reference, _orders.c.id)
)
_INSERT_EVENTS = insert(OrderEvent.__table__)
_INSERT_PROMISES = insert(Promise.__table__)


@dataclass(frozen=True)
class Placed:
    """An order that is stored. `repeated`: it was stored before, and nothing changed now."""

    order_id: int
    number: str
    repeated: bool = False


def place_order(
    runtime: Runtime, channel: ChannelFacts, request: Mapping[str, Any], *, reference: Reference | None = None
) -> Placed:
    """Take in one order. Raises Refusal with every fault found."""
    (result,) = place_orders(runtime, channel, [request], reference=reference)
    if isinstance(result, Refusal):
        raise result
    return result


def place_orders(
    runtime: Runtime,
    channel: ChannelFacts,
    requests: Sequence[Mapping[str, Any]],
    *,
    notify_old: bool = False,
    reference: Reference | None = None,
) -> list[Placed | Refusal]:
    """Take in a batch in one transaction; each request, loaded by OrderRequestSchema, succeeds or
    is refused by itself, and the results come in the same order.

    A request whose reference the channel has used before is answered with the order stored then if
    the content is the same, and refused if it is not. `notify_old`: tell customers even of orders
    accepted over a day ago. `reference`: the reference data, where the caller has just read it.
    """
    now = clock.now()
    reference = reference or runtime.reference.current()
    checked = [check_order(reference, runtime.keys, channel, request, now) for request in requests]
    # The first sound request under a reference is stored; any other is judged against what stands there.
    first: dict[str, CheckedOrder] = {}
    for one in checked:
        if isinstance(one, CheckedOrder):
            first.setdefault(one.reference, one)
    with runtime.db.transaction() as connection:
        stored = _store(connection, runtime, reference, channel, list(first.values()), now, notify_old)
        others = {request["external_reference"] for request in requests} - stored.keys()
        known = _known(connection, channel, sorted(others))
    results: list[Placed | Refusal] = []
    for request, one in zip(requests, checked, strict=True):
        key = request["external_reference"]
        if key in stored and one is first[key]:
            results.append(stored[key])
        elif key in stored:
            same = digest_of(runtime.keys, request) == first[key].digest
            results.append(replace(stored[key], repeated=True) if same else Refusal(_duplicate()))
        elif key in known:
            # Also where it is refused today, because its plan is no longer sold: it is stored.
            results.append(_repeat(known[key], digest_of(runtime.keys, request)))
        else:
            assert isinstance(one, Refusal), "what is sound was stored, or stands there"  # noqa: S101
            results.append(one)
    return results


def _store(
    connection: Connection,
    runtime: Runtime,
    reference: Reference,
    channel: ChannelFacts,
    batch: Sequence[CheckedOrder],
    now: datetime,
    notify_old: bool,
) -> dict[str, Placed]:
    """Insert what is new of the batch, by external reference."""
    if not batch:
        return {}
    new = _insert(connection, runtime.keys, channel, batch, now)
    if not new:
        return {}
    connection.execute(_INSERT_EVENTS, [_event_row(order_id, channel, one, now) for order_id, _, one in new])
    connection.execute(
        _INSERT_PROMISES, [_promise_row(order_id, channel, one, now) for order_id, _, one in new]
    )
    news = [
        text
        for order_id, number, one in new
        if notify_old or is_news(one.accepted_at, now)
        for text in (
            _accepted_text(reference, order_id, number, channel, one),
            *changes_ahead(reference, order_id, one),
        )
    ]
    plan_notices(connection, runtime, reference, news, now)
    return {one.reference: Placed(order_id, number) for order_id, number, one in new}


def _insert(
    connection: Connection, keys: KeyRing, channel: ChannelFacts, batch: Sequence[CheckedOrder], now: datetime
) -> list[tuple[int, str, CheckedOrder]]:
    """Id and number of each order that was not stored before.

    Numbers are drawn by chance, and of very many orders of one day two may draw the same: the later one
    draws again.
    """
    new: list[tuple[int, str, CheckedOrder]] = []
    left = batch
    while left:
        numbered = {one.reference: numbers.new_number(one.accepted_on) for one in left}
        rows = [_order_row(keys, channel, one, numbered[one.reference], now) for one in left]
        ids = {row.external_reference: row.id for row in connection.execute(_INSERT_ORDERS, rows)}
        new += [(ids[one.reference], numbered[one.reference], one) for one in left if one.reference in ids]
        left = [one for one in left if one.reference not in ids]
        known = _known(connection, channel, [one.reference for one in left])
        left = [one for one in left if one.reference not in known]
    return new


def _order_row(
    keys: KeyRing, channel: ChannelFacts, one: CheckedOrder, number: str, now: datetime
) -> dict[str, Any]:
    request, plan = one.request, one.plan
    customer, address = request["customer"], request["address"]
    return {
        "operator_id": channel.operator_id,
        "channel_id": channel.id,
        "number": number,
        "external_reference": one.reference,
        "content_digest": one.digest,
        "customer_kind": customer["kind"],
        "product": plan.product,
        "resource": one.resource,
        "community_code": one.place.code,
        "dealer": request["dealer"],
        "language": request["language"],
        "notify_by": request["notify_by"],
        "customer_name": keys.seal(customer["name"], "orders.customer_name"),
        "contact_phone": keys.seal(customer["phone"], "orders.contact_phone"),
        "address_detail": keys.seal(address["detail"], "orders.address_detail"),
        "phone_digest": keys.digest_of("orders.phone", customer["phone"]),
        "lookup_digest": keys.digest_of("orders.lookup", f"{number}/{customer['phone'][-4:]}"),
        "plan_id": plan.id,
        "price": {
            "filing_number": plan.filing_number,
            "version": plan.version,
            "name": plan.name,
            "name_en": plan.name_en,
            "monthly_fen": plan.monthly_fen,
            "installation_fen": plan.installation_fen,
            "commissioning_fen": plan.commissioning_fen,
        },
        "stage": Stage.ACCEPTED,
        "version": 1,
        "accepted_at": one.accepted_at,
        "created_at": now,
    }


def _event_row(order_id: int, channel: ChannelFacts, one: CheckedOrder, now: datetime) -> dict[str, Any]:
    return {
        "operator_id": channel.operator_id,
        "channel_id": channel.id,
        "order_id": order_id,
        "order_version": 1,
        "kind": "accepted",
        "stage": Stage.ACCEPTED,
        "detail": {},
        "actor": f"channel:{channel.code}",
        "occurred_at": one.accepted_at,
        "recorded_at": now,
    }


def _promise_row(order_id: int, channel: ChannelFacts, one: CheckedOrder, now: datetime) -> dict[str, Any]:
    rule = one.deadline.rule
    return {
        "order_id": order_id,
        "operator_id": channel.operator_id,
        "rule_id": rule.id,
        "rule": rule.as_json(),
        "accepted_at": one.accepted_at,
        "deadline": one.deadline.at,
        "provisional": one.deadline.provisional,
        "explanation": wording.explain(one.deadline),
        "calendar_revision": one.calendar_revision,
        "created_at": now,
    }


def _accepted_text(
    reference: Reference, order_id: int, number: str, channel: ChannelFacts, one: CheckedOrder
) -> Wanted:
    operator = reference.operators[channel.operator_id]
    language = one.request["language"]
    in_words = wording.deadline_for_sms_en if language == "en" else wording.deadline_for_sms
    return Wanted(
        operator_id=operator.id,
        order_id=order_id,
        template="order_accepted",
        language=language,
        values={
            "number": number,
            "deadline": in_words(one.deadline.at),
            "hotline": operator.hotline,
            "signature": operator.signature,
        },
        phone=one.request["customer"]["phone"],
        by_call=one.request["notify_by"] == "call",
        dedup_key=f"order:{order_id}:accepted",
    )


def _known(connection: Connection, channel: ChannelFacts, references: Sequence[str]) -> dict[str, Any]:
    """Orders that the channel has under these references already."""
    if not references:
        return {}
    rows = connection.execute(
        select(Order.external_reference, Order.id, Order.number, Order.content_digest).where(
            Order.channel_id == channel.id, Order.external_reference.in_(references)
        )
    )
    return {row.external_reference: row for row in rows}


def _repeat(row: Any, digest: bytes) -> Placed | Refusal:
    if bytes(row.content_digest) == digest:
        return Placed(row.id, row.number, repeated=True)
    return Refusal(_duplicate())


def _duplicate() -> Fault:
    return Fault("order.duplicate_reference", "/external_reference")
