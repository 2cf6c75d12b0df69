"""Put an order on hold (缓装): the promise's clock stops for a stretch of time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from tracker import clock
from tracker.notices.plan_notices import plan_notices
from tracker.orders import promise_texts
from tracker.orders.actor import Actor
from tracker.orders.appointment_texts import Visit
from tracker.orders.change_appointment import cancel_visit
from tracker.orders.hold_rules import falls_in, hold_faults
from tracker.orders.locking import lock_order
from tracker.orders.promise_book import Book, Written, open_book, require_running, why_of, write_entry
from tracker.orders.rules import Stage
from tracker.problems import Refusal
from tracker.promises.ledger import Entry, Kind
from tracker.runtime import Runtime


def place_hold(
    runtime: Runtime, actor: Actor, number: str, request: Mapping[str, Any], *, if_version: int | None = None
) -> Written:
    """Place one hold, loaded by HoldRequestSchema, and tell the customer.

    The hold ends by itself at `ends_at`; lifting it ends it earlier, a further hold prolongs it. A visit
    that was to come meanwhile is off, and stays off when the hold is lifted.
    Raises Refusal: order.not_found, version.stale, promise.order_done, or every hold rule broken.
    """
    now = clock.now()
    reference = runtime.reference.current()
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, if_version)
        book = open_book(connection, reference, order)
        entry = hold_entry(book, request, now)
        off = visit_in(order, entry)
        if off is not None:
            cancel_visit(connection, runtime, actor, order, request["reason_code"], now)
            # The hold comes last, so that it can be undone as the last thing that was done.
            order = lock_order(connection, actor, number, None)
            book = replace(book, order=order)
        detail = {} if off is None else {"visit_off": [at.isoformat() for at in off]}
        written = write_entry(connection, book, entry, replace(why_of(actor, request), detail=detail))
        operator = reference.operators[order.operator_id]
        text = promise_texts.on_hold(
            runtime.keys, operator, order, written, request["reason_code"], request["ends_at"]
        )
        plan_notices(connection, runtime, reference, [text], now)
    return replace(written, visit_off=off)


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


def visit_in(order: Row[Any], hold: Entry) -> Visit | None:
    """The coming visit of an order that falls into a hold; None where there is none, or it stays."""
    if order.stage != Stage.APPOINTED or hold.starts_at is None or hold.ends_at is None:
        return None
    visit = order.appointment_starts_at, order.appointment_ends_at
    return visit if falls_in(visit, hold.starts_at, hold.ends_at, hold.recorded_at) else None
