"""Everything that explains one order's promise: how it was counted, held, given anew; for its staff."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from tracker import clock
from tracker.orders import queries
from tracker.orders.promise_book import book_of
from tracker.promises.day_by_day import DayPart, day_by_day
from tracker.promises.deadline import Deadline
from tracker.promises.holds import Hold
from tracker.promises.ledger import hold_at, holds_in, replay
from tracker.promises.queries import Ledger, read_ledgers
from tracker.reference import Reference

# An order that was late for longer than this is not drawn up to the present day.
_LONGEST_AFTERMATH = timedelta(days=21)


@dataclass(frozen=True)
class Explained:
    """An order with its ledger, the days of its promise, its holds as they lasted, and the one it is in."""

    order: Row[Any]
    ledger: Ledger
    deadline: Deadline
    days: tuple[DayPart, ...]
    holds: tuple[Hold, ...]
    held: Hold | None
    connected_at: datetime | None


def explain_promise(
    connection: Connection, reference: Reference, operator_id: int, number: str, now: datetime
) -> Explained | None:
    """The explanation of one order of an operator; None for another's."""
    order = queries.operator_order(connection, operator_id, number)
    if order is None:
        return None
    ledger = read_ledgers(connection, [order.id])[order.id]
    book = book_of(reference, order, ledger)
    deadline = replay(ledger.first, ledger.entries, book.calendar)
    return Explained(
        order=order,
        ledger=ledger,
        deadline=deadline,
        days=tuple(
            day_by_day(
                deadline, clock.local_date(order.accepted_at), _until(ledger, deadline, now), book.calendar
            )
        ),
        holds=tuple(hold for hold in holds_in(ledger.entries).values() if hold.ends_at > hold.starts_at),
        held=hold_at(ledger.entries, now),
        connected_at=queries.connected_at(connection, order.id),
    )


def _until(ledger: Ledger, deadline: Deadline, now: datetime) -> date:
    """As far as the first deadline, and the present day if that is not long past."""
    last = max(deadline.last_day, clock.local_date(ledger.standings[0].deadline))
    today = clock.local_date(now)
    return max(last, min(today, last + _LONGEST_AFTERMATH))
