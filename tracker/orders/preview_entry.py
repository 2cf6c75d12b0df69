"""What a hold or a re-promise would make of an order's deadline; nothing is stored."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from tracker.orders import queries
from tracker.orders.appointment_texts import Visit
from tracker.orders.place_hold import visit_in
from tracker.orders.promise_book import Book, book_of
from tracker.promises.deadline import Deadline
from tracker.promises.ledger import Entry, replay
from tracker.promises.queries import read_ledgers
from tracker.promises.wording import explain
from tracker.reference import Reference


@dataclass(frozen=True)
class Foreseen:
    """The promise as it is, as it would be, and why, by language; and the visit that would be off."""

    before: datetime
    after: Deadline
    explanation: dict[str, str]
    visit_off: Visit | None = None


def preview_entry(
    connection: Connection,
    reference: Reference,
    operator_id: int,
    number: str,
    entry_of: Callable[[Book], Entry],
) -> Foreseen | None:
    """What would come of the entry that `entry_of` makes for the order's book; None for another's order.

    Raises Refusal as `entry_of` does.
    """
    order = queries.operator_order(connection, operator_id, number)
    if order is None:
        return None
    book = book_of(reference, order, read_ledgers(connection, [order.id])[order.id])
    entry = entry_of(book)
    deadline = replay(book.ledger.first, [*book.ledger.entries, entry], book.calendar)
    return Foreseen(book.ledger.current.deadline, deadline, explain(deadline), visit_in(order, entry))
