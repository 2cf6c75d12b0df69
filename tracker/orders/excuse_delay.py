"""Write down a delay that is not the operator's doing. The clock runs on; the net figure may leave it out."""

from collections.abc import Mapping
from typing import Any

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.hold_rules import excuse_faults
from tracker.orders.locking import lock_order
from tracker.orders.promise_book import Written, open_book, why_of, write_entry
from tracker.orders.standing import ENDED_EARLY
from tracker.problems import Fault, Refusal
from tracker.promises.ledger import Entry, Kind
from tracker.runtime import Runtime


def excuse_delay(
    runtime: Runtime, actor: Actor, number: str, request: Mapping[str, Any], *, if_version: int | None = None
) -> Written:
    """Record one delay, loaded by ExcuseRequestSchema; also of an order that is done. Nobody is told.

    Raises Refusal: order.not_found, version.stale, promise.order_done for an order that ended without
    a line, or every excuse rule broken.
    """
    now = clock.now()
    reference = runtime.reference.current()
    starts_at, ends_at = request["starts_at"], request["ends_at"]
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, if_version)
        if order.stage in ENDED_EARLY:
            raise Refusal(Fault("promise.order_done"))
        faults = excuse_faults(request["reason_code"], starts_at, ends_at, order.accepted_at, now)
        if faults:
            raise Refusal(*faults)
        book = open_book(connection, reference, order)
        entry = Entry(book.next_number, Kind.EXCUSE, now, starts_at=starts_at, ends_at=ends_at)
        return write_entry(connection, book, entry, why_of(actor, request))
