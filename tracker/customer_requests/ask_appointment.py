"""Another appointment because the customer asks for it, and the former one back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from tracker.customer_requests.request import OrderRequest, Result
from tracker.notices.cancel_one import cancel_one
from tracker.orders.change_appointment import change_appointment, undo_appointment
from tracker.runtime import Runtime


def ask_appointment(connection: Connection, runtime: Runtime, request: OrderRequest, now: datetime) -> Result:
    """Book the slot; the former visit is kept for as long as this can be undone.

    Raises Refusal for whatever `change_appointment` refuses.
    """
    version = change_appointment(
        runtime,
        request.actor,
        request.order.number,
        request.payload["slot"],
        keep_former_until=request.undo_until,
    )
    return Result(outcome={"version": version}, undo_until=request.undo_until)


def undo_change(
    connection: Connection,
    runtime: Runtime,
    request: OrderRequest,
    done: Mapping[str, Any],
    now: datetime,
) -> None:
    """Put the former visit back; where nobody was told of the new one, no text is sent at all.

    Raises Refusal for whatever `undo_appointment` refuses.
    """
    key = f"order:{request.order.id}:{{}}:{{}}"
    unsent = cancel_one(connection, key.format(done["version"], "changed"), "it was taken back", now)
    version = undo_appointment(runtime, request.actor, request.order.number)
    if unsent:
        for text in ("changed", "off"):
            cancel_one(connection, key.format(version, text), "nobody was told of the change", now)
