"""Take back what was asked for within the last ten minutes, by what counters it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from tracker.customer_requests.ask_appointment import undo_change
from tracker.customer_requests.ask_hold import undo_hold
from tracker.customer_requests.models import CustomerRequest
from tracker.customer_requests.request import OrderRequest, Result
from tracker.customer_requests.rules import CAN_BE_UNDONE, UNDO_WITHIN, Kind, State
from tracker.customer_requests.say_something import undo_complaint, undo_rating
from tracker.customer_requests.schemas import kept_of
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

Counter = Callable[[Connection, Runtime, OrderRequest, Mapping[str, Any], datetime], None]

# A withdrawal that still waits needs nothing but to be taken from the queue.
_COUNTERS: Mapping[Kind, Counter] = {
    Kind.APPOINTMENT: undo_change,
    Kind.HOLD: undo_hold,
    Kind.COMPLAINT: undo_complaint,
    Kind.RATING: undo_rating,
}

_requests = CustomerRequest.__table__


def undo(connection: Connection, runtime: Runtime, request: OrderRequest, now: datetime) -> Result:
    """Undo a request of the same order, once; whoever asks has a session of that order, be it another.

    What counts is when it was asked for, however late a worker comes. Raises Refusal: undo.unknown,
    undo.already, undo.nothing, undo.too_late, or whatever stands against the counter-action.
    """
    # Waits for the worker that may be applying it.
    target = connection.execute(
        select(_requests)
        .where(_requests.c.id == request.payload["request"], _requests.c.order_id == request.order.id)
        .with_for_update()
    ).one_or_none()
    _require_undoable(target, request)
    if target.state == State.DONE:
        _COUNTERS[Kind(target.kind)](connection, runtime, request, target.outcome, now)
    connection.execute(
        update(_requests)
        .where(_requests.c.id == target.id)
        .values(state=State.UNDONE, due_at=None, payload=kept_of(target.payload))
    )
    return Result(outcome={"request": target.id})


def _require_undoable(target: Row[Any] | None, request: OrderRequest) -> None:
    if target is None or target.kind not in CAN_BE_UNDONE:
        raise Refusal(Fault("undo.unknown", "/request"))
    if target.state == State.UNDONE:
        raise Refusal(Fault("undo.already"))
    if target.state == State.REFUSED:
        raise Refusal(Fault("undo.nothing"))
    # One that failed so far has no end of its own yet.
    until = target.undo_until or target.asked_at + UNDO_WITHIN
    has_happened = target.kind == Kind.WITHDRAWAL and target.state == State.DONE
    if request.asked_at >= until or has_happened:
        minutes = int(UNDO_WITHIN.total_seconds()) // 60
        raise Refusal(Fault("undo.too_late", "", {"minutes": minutes}))
