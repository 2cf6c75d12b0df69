"""Write to an order's promise ledger: one entry, the order's event, and what it makes of the deadline."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, update

from tracker.orders.actor import Actor
from tracker.orders.append_events import append_events, event_row
from tracker.orders.models import Order
from tracker.orders.rules import CLOSED, Stage
from tracker.problems import Fault, Refusal
from tracker.promises.calendar import WorkingCalendar
from tracker.promises.deadline import Deadline
from tracker.promises.ledger import Entry, replay, replay_binding
from tracker.promises.models import PromiseEntry
from tracker.promises.queries import Ledger, read_ledgers
from tracker.promises.rules import Rule
from tracker.promises.wording import explain
from tracker.reference import Reference

# Once the line works the promise is kept or missed; nothing that is written later may change that.
_SETTLED = CLOSED | {Stage.ACTIVATED}

_INSERT_ENTRIES = insert(PromiseEntry.__table__)


@dataclass(frozen=True)
class Why:
    """Who writes an entry, and for what reason; and the person who follows a delay up, as
    ContactSchema loads one. `asked_by`: who asked for what the actor approved. `detail`: what the order's
    event is to say besides, nothing personal.
    """

    actor: str
    reason_code: str | None = None
    reason_text: str | None = None
    evidence: str | None = None
    contact: Mapping[str, Any] | None = None
    asked_by: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """An entry that was written: the promise before and after it, and the order's new version.

    `visit_off`: when the visit was to begin and end that a hold has called off.
    """

    number: int
    version: int
    before: datetime
    after: Deadline
    visit_off: tuple[datetime, datetime] | None = None

    @property
    def date_changed(self) -> bool:
        """Whether the customer has another deadline now."""
        return self.after.at != self.before


@dataclass(frozen=True)
class Book:
    """A locked order, its ledger, and the calendar that is counted by."""

    order: Row[Any]
    ledger: Ledger
    calendar: WorkingCalendar
    calendar_revision: int

    @property
    def next_number(self) -> int:
        """The number of the entry to be written."""
        return len(self.ledger.entries) + 1

    @property
    def rule(self) -> Rule:
        """The rule that is counted by now."""
        return self.ledger.current.rule


def open_book(connection: Connection, reference: Reference, order: Row[Any]) -> Book:
    """The book of a locked order."""
    return book_of(reference, order, read_ledgers(connection, [order.id])[order.id])


def book_of(reference: Reference, order: Row[Any], ledger: Ledger) -> Book:
    """The book of an order whose ledger has been read."""
    place = reference.places[order.community_code]
    calendar = reference.calendar_of(order.operator_id, place)
    if reference.calendars is None or calendar is None:
        raise AssertionError("an order was promised something, so there is a calendar")
    return Book(order, ledger, calendar, reference.calendars.revision)


def require_running(order: Row[Any]) -> None:
    """Raises Refusal promise.order_done for an order whose promise is settled."""
    if Stage(order.stage) in _SETTLED:
        raise Refusal(Fault("promise.order_done"))


def write_entry(
    connection: Connection,
    book: Book,
    entry: Entry,
    why: Why,
    changes: Mapping[str, Any] | None = None,
) -> Written:
    """Write one entry, with what follows from it. `changes`: columns of the order that change with it."""
    written, row, event = rows_of(book, entry, why)
    connection.execute(_INSERT_ENTRIES, [row])
    append_events(connection, [event])
    connection.execute(
        update(Order).where(Order.id == book.order.id).values(version=written.version, **(changes or {}))
    )
    return written


def rows_of(book: Book, entry: Entry, why: Why) -> tuple[Written, dict[str, Any], dict[str, Any]]:
    """What an entry makes of the promise, its row and the order's event, still to be stored."""
    order = book.order
    entries = [*book.ledger.entries, entry]
    deadline = replay(book.ledger.first, entries, book.calendar)
    binding = replay_binding(book.ledger.first, entries, book.calendar, deadline)
    written = Written(entry.number, order.version + 1, book.ledger.current.deadline, deadline)
    row = {
        "operator_id": order.operator_id,
        "order_id": order.id,
        "number": entry.number,
        "kind": entry.kind,
        "starts_at": entry.starts_at,
        "ends_at": entry.ends_at,
        "lifts": entry.lifts,
        "agreed_at": entry.agreed_at,
        "reason_code": why.reason_code,
        "reason_text": why.reason_text,
        "evidence": why.evidence,
        "contact": why.contact,
        "actor": why.actor,
        "asked_by": why.asked_by,
        "recorded_at": entry.recorded_at,
        "rule": deadline.rule.as_json(),
        "deadline": deadline.at,
        "binding_deadline": None if binding.at == deadline.at else binding.at,
        "provisional": deadline.provisional,
        "explanation": explain(deadline),
        "calendar_revision": book.calendar_revision,
    }
    event = event_row(
        order,
        written.version,
        entry.kind,
        actor=why.actor,
        occurred_at=entry.recorded_at,
        recorded_at=entry.recorded_at,
        reason_code=why.reason_code,
        reason_text=why.reason_text,
        detail={
            "entry": entry.number,
            "deadline": [written.before.isoformat(), deadline.at.isoformat()],
            **why.detail,
        },
    )
    return written, row, event


def why_of(actor: Actor, request: Mapping[str, Any]) -> Why:
    """The reason that a request gives."""
    return Why(
        actor.label,
        reason_code=request.get("reason_code"),
        reason_text=request.get("reason_text"),
        evidence=request.get("evidence"),
        contact=request.get("contact"),
    )
