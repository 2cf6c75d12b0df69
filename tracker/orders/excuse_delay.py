"""Write down a delay that is not the operator's doing. The clock runs on; the net figure leaves it out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.promise_book import Why, Written, open_book, write_entry
from tracker.promises.ledger import Entry, Kind
from tracker.reference import Reference


@dataclass(frozen=True)
class Delay:
    """What was asked to be excused, by whom, and in which request (`tracker.excuses`)."""

    request_id: int
    asked_by: str
    reason_code: str
    reason_text: str | None
    evidence: str | None
    starts_at: datetime
    ends_at: datetime


def excuse_delay(
    connection: Connection, reference: Reference, order: Row[Any], delay: Delay, approver: Actor
) -> Written:
    """Write the line of an excuse that was approved, of a locked order, with the order's event.

    Both name the approver as their actor and, beside it, whoever asked. Nobody is told.
    """
    book = open_book(connection, reference, order)
    entry = Entry(
        book.next_number, Kind.EXCUSE, clock.now(), starts_at=delay.starts_at, ends_at=delay.ends_at
    )
    why = Why(
        approver.label,
        reason_code=delay.reason_code,
        reason_text=delay.reason_text,
        evidence=delay.evidence,
        asked_by=delay.asked_by,
        detail={"asked_by": delay.asked_by, "excuse_request": delay.request_id},
    )
    return write_entry(connection, book, entry, why)
