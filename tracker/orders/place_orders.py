"""Take in orders: check them, promise a date, and write order, event, promise and text at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from tracker import clock
from tracker.notices.drafts import Draft, draft, notice_row, repeated, why_not
from tracker.notices.plan_notices import follow_up
from tracker.notices.rules import Why
from tracker.orders import numbers
from tracker.orders.check_order import CheckedOrder, check_order, digest_of
from tracker.orders.models import Order
from tracker.orders.order_rows import order_row, texts_of
from tracker.orders.wording import is_news
from tracker.orders.write_orders import ORDER_ID, write_orders
from tracker.problems import Fault, Refusal
from tracker.reference import ChannelFacts, Reference
from tracker.runtime import Runtime


@dataclass(frozen=True)
class Placed:
    """An order that is stored. `repeated`: it was stored before, and nothing changed now."""

    order_id: int
    number: str
    repeated: bool = False


Then = Callable[[Connection, Placed], None]


def place_order(
    runtime: Runtime,
    channel: ChannelFacts,
    request: Mapping[str, Any],
    *,
    reference: Reference | None = None,
    actor: str | None = None,
    detail: Mapping[str, Any] | None = None,
    then: Then | None = None,
) -> Placed:
    """Take in one order. Raises Refusal with every fault found."""
    (result,) = place_orders(
        runtime, channel, [request], reference=reference, actor=actor, detail=detail, then=then
    )
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
    actor: str | None = None,
    detail: Mapping[str, Any] | None = None,
    then: Then | None = None,
) -> list[Placed | Refusal]:
    """Take in a batch in one transaction; each request, loaded by OrderRequestSchema, succeeds or
    is refused by itself, and the results come in the same order.

    A request whose reference the channel has used before is answered with the order stored then if
    the content is the same, and refused if it is not. `notify_old`: tell customers even of orders
    accepted over a day ago. `reference`: the reference data, where the caller has just read it. `actor`:
    who brings them, where that is not the channel's own system. `detail`: what the events of their
    acceptance tell besides. `then` is called within the transaction with each order that is new.
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
        stored = _store(
            connection, runtime, reference, channel, list(first.values()), now, notify_old, actor, detail
        )
        if then is not None:
            for placed in stored.values():
                then(connection, placed)
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
    actor: str | None,
    detail: Mapping[str, Any] | None,
) -> dict[str, Placed]:
    """Insert what is new of the batch, by external reference.

    Numbers are drawn by chance, and of very many orders of one day two may draw the same: the later one
    draws again.
    """
    stored: dict[str, Placed] = {}
    left = batch
    while left:
        numbered = {one.reference: numbers.new_number(one.accepted_on) for one in left}
        texts = [
            (one.reference, draft(runtime, reference, text))
            for one in left
            if notify_old or is_news(one.accepted_at, now)
            for text in texts_of(reference, channel, one, numbered[one.reference])
        ]
        too_often = repeated(connection, [text for _, text in texts], now)
        whys = [why_not(reference, text, too_often) for _, text in texts]
        rows = write_orders(
            connection,
            channel,
            [order_row(runtime.keys, one, numbered[one.reference]) for one in left],
            [
                notice_row(runtime, text, why, now) | {"external_reference": owner}
                for (owner, text), why in zip(texts, whys, strict=True)
            ],
            now,
            actor=actor,
            detail=detail,
        )
        for row in rows:
            stored[row.external_reference] = Placed(row.stored_id, numbered[row.external_reference])
        told = [row for row in rows if row.id is not None]
        follow_up(connection, runtime, told, _keyed(texts, whys, rows), now)
        left = [one for one in left if one.reference not in stored]
        known = _known(connection, channel, [one.reference for one in left])
        left = [one for one in left if one.reference not in known]
    return stored


def _keyed(
    texts: Sequence[tuple[str, Draft]], whys: Sequence[Why | None], rows: Sequence[Row[Any]]
) -> dict[str, Why | None]:
    """Why no text is to be sent, by the key under which each text was written."""
    ids = {row.external_reference: str(row.stored_id) for row in rows}
    return {
        text.wanted.dedup_key.replace(ORDER_ID, ids[owner]): why
        for (owner, text), why in zip(texts, whys, strict=True)
        if owner in ids
    }


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
