"""Lift a hold: the promise's clock runs again."""

from collections.abc import Mapping
from typing import Any

from tracker import clock
from tracker.notices.plan_notices import plan_notices
from tracker.orders import promise_texts
from tracker.orders.actor import Actor
from tracker.orders.locking import lock_order
from tracker.orders.promise_book import Written, open_book, require_running, why_of, write_entry
from tracker.orders.rules import CLOCK_SKEW
from tracker.problems import Fault, Refusal
from tracker.promises.ledger import Entry, Kind, holds_in
from tracker.runtime import Runtime


def lift_hold(
    runtime: Runtime,
    actor: Actor,
    number: str,
    hold: int,
    request: Mapping[str, Any],
    *,
    if_version: int | None = None,
) -> Written:
    """Lift the hold of this ledger number, loaded by LiftRequestSchema; one that has not begun is cancelled.

    Raises Refusal: order.not_found, version.stale, promise.order_done, hold.not_held, or
    hold.lift_in_future.
    """
    now = clock.now()
    reference = runtime.reference.current()
    resumes_at = request["resumes_at"] or now
    if resumes_at > now + CLOCK_SKEW:
        raise Refusal(Fault("hold.lift_in_future", "/resumes_at"))
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, if_version)
        require_running(order)
        book = open_book(connection, reference, order)
        held = holds_in(book.ledger.entries).get(hold)
        if held is None or held.ends_at <= max(resumes_at, held.starts_at):
            raise Refusal(Fault("hold.not_held"))
        entry = Entry(book.next_number, Kind.RESUME, now, starts_at=resumes_at, lifts=hold)
        written = write_entry(connection, book, entry, why_of(actor, request))
        text = promise_texts.resumed(runtime.keys, reference.operators[order.operator_id], order, written)
        plan_notices(connection, runtime, reference, [text], now)
    return written
