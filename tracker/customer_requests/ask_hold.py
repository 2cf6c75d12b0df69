"""Put an order on hold because its customer asks for it, and lift that again."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection

from tracker import clock
from tracker.customer_requests.request import OrderRequest, Result
from tracker.customer_requests.rules import HOLD_DAYS
from tracker.notices.cancel_one import cancel_one
from tracker.orders.lift_hold import lift_hold
from tracker.orders.place_hold import place_hold
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

# A hold ends with its last day, which is what the customer has chosen.
_POINTERS = {"/ends_at": "/until"}


def ask_hold(connection: Connection, runtime: Runtime, request: OrderRequest, now: datetime) -> Result:
    """Let the promise's clock stand still from now to the end of the day that was chosen.

    Raises Refusal: field.range for a day that has gone or is too far ahead, promise.order_done, and every
    hold rule that is broken.
    """
    today, last_day = clock.local_date(now), request.payload["until"]
    farthest = today + timedelta(days=HOLD_DAYS - 1)
    if not today <= last_day <= farthest:
        raise Refusal(
            Fault("field.range", "/until", {"low": today.isoformat(), "high": farthest.isoformat()})
        )
    wanted = {
        "reason_code": request.payload["reason_code"],
        "reason_text": None,
        "evidence": None,
        "starts_at": None,
        "ends_at": datetime.combine(last_day + timedelta(days=1), time(), clock.CITY_ZONE),
    }
    try:
        written = place_hold(runtime, request.actor, request.order.number, wanted)
    except Refusal as refusal:
        raise Refusal(
            *(Fault(one.rule, _POINTERS.get(one.pointer, one.pointer), one.params) for one in refusal.faults)
        ) from None
    outcome = {
        "hold": written.number,
        "version": written.version,
        "until": last_day.isoformat(),
        "deadline": written.after.at.isoformat(),
    }
    return Result(outcome=outcome, undo_until=request.undo_until)


def undo_hold(
    connection: Connection,
    runtime: Runtime,
    request: OrderRequest,
    done: Mapping[str, Any],
    now: datetime,
) -> None:
    """Lift it; where its own text has not gone out, no text is sent at all.

    Raises Refusal: promise.order_done, hold.not_held where somebody has lifted it before.
    """
    order = request.order
    unsent = cancel_one(
        connection, f"order:{order.id}:{done['version']}:on_hold", "the hold was taken back", now
    )
    lifted = lift_hold(
        runtime, request.actor, order.number, done["hold"], {"reason_text": None, "resumes_at": None}
    )
    if unsent:
        key = f"order:{order.id}:{lifted.version}:resumed"
        cancel_one(connection, key, "nobody was told of the hold", now)
