"""Undo a hold that staff have just placed or lifted, by what counters it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from tracker import clock
from tracker.notices.cancel_one import cancel_one
from tracker.orders.actor import Actor
from tracker.orders.change_appointment import read_visit
from tracker.orders.desk_history import last_event
from tracker.orders.lift_hold import lift_hold
from tracker.orders.locking import lock_order
from tracker.orders.place_hold import place_hold
from tracker.orders.promise_book import Written
from tracker.problems import Fault, Refusal
from tracker.promises.ledger import Kind, holds_in
from tracker.promises.queries import read_ledgers
from tracker.runtime import Runtime

# What the customers' site gives its own holds too.
UNDO_WITHIN = timedelta(minutes=10)

_TEXTS = {Kind.HOLD: ("on_hold", "paused"), Kind.RESUME: ("resumed",)}


def undoable_until(event: Row[Any]) -> datetime | None:
    """Until when the event, the last one of an order, can be undone here; None where it is nothing of it."""
    if event.kind not in _TEXTS or not event.actor.startswith("staff:"):
        return None
    until: datetime = event.recorded_at + UNDO_WITHIN
    return until


def undo_hold(runtime: Runtime, actor: Actor, number: str, *, if_version: int | None = None) -> Written:
    """Lift the hold that was placed last, or let the one that was lifted last go on to its end.

    Where the customer has not been told of it yet, no text is sent at all. A visit that the hold called off
    (`visit_off`) stays off: its place may be somebody else's by now. Raises Refusal: order.not_found,
    version.stale, desk.nothing_to_undo, desk.undo_over, promise.order_done, or what stands against the
    counter-action.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, if_version)
        event = last_event(connection, order.operator_id, order.id)
        until = undoable_until(event)
        if until is None:
            raise Refusal(Fault("desk.nothing_to_undo"))
        if until <= now:
            raise Refusal(Fault("desk.undo_over"))
        kind = Kind(event.kind)
        unsent = _forget(connection, order.id, event.order_version, kind, now)
        entry: int = event.detail["entry"]
        if kind is Kind.HOLD:
            nothing_said = {"reason_text": None, "resumes_at": None}
            written = lift_hold(runtime, actor, number, entry, nothing_said)
            off = event.detail.get("visit_off")
            written = replace(written, visit_off=off and read_visit(off))
        else:
            written = _hold_on(connection, runtime, actor, order, entry, number)
        if unsent:
            counter = Kind.RESUME if kind is Kind.HOLD else Kind.HOLD
            _forget(connection, order.id, written.version, counter, now)
    return written


def _hold_on(
    connection: Connection, runtime: Runtime, actor: Actor, order: Row[Any], entry: int, number: str
) -> Written:
    """A hold from when the former one was lifted to when it would have ended."""
    ledger = read_ledgers(connection, [order.id])[order.id]
    lifting = ledger.rows[entry - 1]
    former = ledger.rows[lifting.lifts - 1]
    if holds_in(ledger.entries)[lifting.lifts].ends_at >= former.ends_at:
        raise Refusal(Fault("desk.nothing_to_undo"))
    request = {
        "reason_code": former.reason_code,
        "reason_text": former.reason_text,
        "evidence": former.evidence,
        "starts_at": max(lifting.starts_at, former.starts_at),
        "ends_at": former.ends_at,
    }
    return place_hold(runtime, actor, number, request)


def _forget(connection: Connection, order_id: int, version: int, kind: Kind, now: datetime) -> bool:
    """Cancel the text of a ledger line that has not gone out; whether it had not."""
    keys = [f"order:{order_id}:{version}:{text}" for text in _TEXTS[kind]]
    # Each of them, also after one that went out.
    untold = [cancel_one(connection, key, "taken back at the desk", now) for key in keys]
    return all(untold)
