"""A complaint or a rating that a customer sends, and takes back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from tracker.complaints.file_complaint import file_complaint
from tracker.complaints.rate import rate
from tracker.complaints.retract_complaint import retract_complaint
from tracker.complaints.retract_rating import retract_rating
from tracker.customer_requests.request import OrderRequest, Result
from tracker.runtime import Runtime


def complain(connection: Connection, runtime: Runtime, request: OrderRequest, now: datetime) -> Result:
    """File a complaint about the order. Raises Refusal for whatever `file_complaint` refuses."""
    complaint = file_complaint(
        runtime,
        request.actor,
        request.order.number,
        request.payload["topic"],
        request.payload["text"],
        received_at=request.asked_at,
    )
    return Result(outcome={"complaint": complaint}, undo_until=request.undo_until)


def undo_complaint(
    connection: Connection,
    runtime: Runtime,
    request: OrderRequest,
    done: Mapping[str, Any],
    now: datetime,
) -> None:
    """Take the complaint back. Raises Refusal where it has been closed."""
    retract_complaint(runtime, request.actor, request.order.number, done["complaint"])


def give_rating(connection: Connection, runtime: Runtime, request: OrderRequest, now: datetime) -> Result:
    """Store what the customer thinks of the installation. Raises Refusal for whatever `rate` refuses."""
    rating = rate(
        runtime,
        request.actor,
        request.order.number,
        request.payload["score"],
        request.payload["comment"],
        asked_at=request.asked_at,
    )
    return Result(outcome={"rating": rating}, undo_until=request.undo_until)


def undo_rating(
    connection: Connection,
    runtime: Runtime,
    request: OrderRequest,
    done: Mapping[str, Any],
    now: datetime,
) -> None:
    """Take the rating back, so that another can be given."""
    retract_rating(runtime, request.actor, request.order.number, done["rating"], asked_at=request.asked_at)
