"""Another appointment because the customer asks for it, and the former one back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from tracker.customer_requests.request import OrderRequest, Result
from tracker.notices.cancel_one import cancel_one
from tracker.orders.change_appointment import change_appointment, undo_appointment
from tracker.problems import Fault, Refusal
from tracker.promises.ledger import hold_at
from tracker.promises.queries import read_ledgers
from tracker.runtime import Runtime
from tracker.visits.models import VisitSlot


def ask_appointment(connection: Connection, runtime: Runtime, request: OrderRequest, now: datetime) -> Result:
    """Book the slot; the former visit is kept for as long as this can be undone.

    Raises Refusal: appointment.during_hold, and whatever `change_appointment` refuses.
    """
    _require_running(connection, request)
    version = change_appointment(
        runtime,
        request.actor,
        request.order.number,
        request.payload["slot"],
        keep_former_until=request.undo_until,
    )
    return Result(outcome={"version": version}, undo_until=request.undo_until)


def _require_running(connection: Connection, request: OrderRequest) -> None:
    """Whoever wanted a rest is not visited in it. Staff may agree otherwise with the customer."""
    starts_at = connection.scalar(
        select(VisitSlot.starts_at).where(
            VisitSlot.id == request.payload["slot"], VisitSlot.operator_id == request.order.operator_id
        )
    )
    entries = read_ledgers(connection, [request.order.id])[request.order.id].entries
    if starts_at is not None and hold_at(entries, starts_at) is not None:
        raise Refusal(Fault("appointment.during_hold", "/slot"))


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
