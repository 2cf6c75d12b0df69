"""Put an order on hold (缓装): the promise's clock stops for a stretch of time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tracker import clock
from tracker.notices.plan_notices import plan_notices
from tracker.orders import promise_texts
from tracker.orders.actor import Actor
from tracker.orders.hold_rules import hold_faults
from tracker.orders.locking import lock_order
from tracker.orders.promise_book import Book, Written, open_book, require_running, why_of, write_entry
from tracker.problems import Refusal
from tracker.promises.ledger import Entry, Kind
from tracker.runtime import Runtime


def place_hold(
    runtime: Runtime, actor: Actor, number: str, request: Mapping[str, Any], *, if_version: int | None = None
) -> Written:
    """Place one hold, loaded by HoldRequestSchema, and tell the customer.

    The hold ends by itself at `ends_at`; lifting it ends it earlier, a further hold prolongs it.
    Raises Refusal: order.not_found, version.stale, promise.order_done, or every hold rule broken.
    """
    now = clock.now()
    reference = runtime.reference.current()
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, if_version)
        book = open_book(connection, reference, order)
        entry = hold_entry(book, request, now)
        written = write_entry(connection, book, entry, why_of(actor, request))
        operator = reference.operators[order.operator_id]
        text = promise_texts.on_hold(
            runtime.keys, operator, order, written, request["reason_code"], request["ends_at"]
        )
        plan_notices(connection, runtime, reference, [text], now)
    return written


def hold_entry(book: Book, request: Mapping[str, Any], now: datetime) -> Entry:
    """The hold as a line of an order's ledger.

    Raises Refusal: promise.order_done, or every hold rule broken.
    """
    require_running(book.order)
    starts_at, ends_at = request["starts_at"] or now, request["ends_at"]
    faults = hold_faults(
        request["reason_code"], request["evidence"], starts_at, ends_at, book.order.accepted_at, now
    )
    if faults:
        raise Refusal(*faults)
    return Entry(book.next_number, Kind.HOLD, now, starts_at=starts_at, ends_at=ends_at)
