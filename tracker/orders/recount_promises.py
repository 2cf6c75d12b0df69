"""Count provisional promises anew once the year that they reach into has been announced.

Each open order is recounted exactly once for each announcement, whoever runs this and however often it
is cut off: the entry that it writes says by which revision of the calendar it was counted. One text
goes to each customer whose date changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection, Row, Select, func, insert, select, true, tuple_, union, update

from tracker import clock
from tracker.crypto import UnreadableError
from tracker.notices.drafts import Wanted
from tracker.notices.plan_notices import plan_notices
from tracker.orders import promise_texts
from tracker.orders.append_events import append_events
from tracker.orders.models import Order
from tracker.orders.promise_book import Why, Written, book_of, rows_of
from tracker.orders.rules import CLOSED, Stage
from tracker.promises.ledger import Entry, Kind
from tracker.promises.models import Promise, PromiseEntry
from tracker.promises.queries import read_ledgers
from tracker.promises.standing import current, latest_entry
from tracker.reference import Reference
from tracker.runtime import Runtime

log = structlog.get_logger(__name__)

_CUSTOMERS = 100
_SETTLED = [stage.value for stage in CLOSED | {Stage.ACTIVATED}]
_LATEST = latest_entry(Order.id, PromiseEntry.provisional, PromiseEntry.calendar_revision)


@dataclass(frozen=True)
class Recount:
    """What a recount did: orders counted anew, those whose date changed, and texts planned."""

    orders: int = 0
    changed: int = 0
    texts: int = 0

    def __add__(self, other: "Recount") -> "Recount":
        return Recount(self.orders + other.orders, self.changed + other.changed, self.texts + other.texts)


def waiting(announced_revision: int) -> Select[Any]:
    """Orders whose promise was counted before the announcement and may change by it."""
    # By the two partial indexes; what they hold of orders that are done falls out below.
    provisional = union(
        select(Promise.order_id).where(Promise.provisional),
        select(PromiseEntry.order_id).where(PromiseEntry.provisional),
    )
    return (
        select(Order.id)
        .join(Promise, Promise.order_id == Order.id)
        .outerjoin(_LATEST, true())
        .where(
            Order.closed_at.is_(None),
            Order.stage.not_in(_SETTLED),
            Order.id.in_(provisional),
            current(_LATEST, "provisional"),
            current(_LATEST, "calendar_revision") < announced_revision,
        )
    )


def count_waiting(runtime: Runtime) -> int:
    """How many orders wait to be recounted."""
    calendars = runtime.reference.current().calendars
    if calendars is None:
        return 0
    wanted = select(func.count()).select_from(waiting(calendars.announced_revision).subquery())
    with runtime.db.reading() as connection:
        return connection.scalar(wanted) or 0


def recount_promises(runtime: Runtime, on_orders: Callable[[int], None] = lambda count: None) -> Recount:
    """Recount whatever waits; `on_orders` hears how many each step has done."""
    total, after = Recount(), (0, b"")
    while True:
        # Read each time: a further announcement may come while this runs.
        reference = runtime.reference.current()
        if reference.calendars is None:
            return total
        with runtime.db.transaction() as connection:
            customers = _next_customers(connection, reference.calendars.announced_revision, after)
            if not customers:
                return total
            done = _recount(connection, runtime, reference, customers)
        total += done
        on_orders(done.orders)
        after = customers[-1]


def _next_customers(
    connection: Connection, announced_revision: int, after: tuple[int, bytes]
) -> list[tuple[int, bytes]]:
    """The next customers that have an order waiting: operator and digest of the phone."""
    customer = (Order.operator_id, Order.phone_digest)
    rows = connection.execute(
        waiting(announced_revision)
        .with_only_columns(*customer)
        .where(tuple_(*customer) > tuple_(*after))
        .distinct()
        .order_by(*customer)
        .limit(_CUSTOMERS)
    )
    return [(row.operator_id, bytes(row.phone_digest)) for row in rows]


def _recount(
    connection: Connection, runtime: Runtime, reference: Reference, customers: Sequence[tuple[int, bytes]]
) -> Recount:
    assert reference.calendars is not None  # noqa: S101 - the caller has looked
    revision = reference.calendars.announced_revision
    of_customers = tuple_(Order.operator_id, Order.phone_digest).in_(customers)
    ids = connection.scalars(waiting(revision).where(of_customers)).all()
    # In one order everywhere, so that two that run at once wait for each other and for nothing else.
    orders = connection.execute(
        select(Order.__table__)
        .where(Order.id.in_(ids), Order.stage.not_in(_SETTLED))
        .order_by(Order.id)
        .with_for_update()
    ).all()
    # Read after the lock: whoever had it may have recounted, held or closed the order.
    ledgers = read_ledgers(connection, [order.id for order in orders])
    now = clock.now()
    entries, events, changed = [], [], []
    for order in orders:
        ledger = ledgers[order.id]
        if not ledger.current.provisional or ledger.current.calendar_revision >= revision:
            continue
        book = book_of(reference, order, ledger)
        entry = Entry(book.next_number, Kind.ANNOUNCEMENT, now)
        written, row, event = rows_of(book, entry, Why("system"))
        entries.append(row)
        events.append(event)
        if written.date_changed:
            changed.append((order, written))
    if not entries:
        return Recount()
    connection.execute(insert(PromiseEntry), entries)
    append_events(connection, events)
    connection.execute(
        update(Order)
        .where(Order.id.in_([row["order_id"] for row in entries]))
        .values(version=Order.version + 1)
    )
    texts = _texts(runtime, reference, changed, revision)
    planned = plan_notices(connection, runtime, reference, texts, now)
    return Recount(len(entries), len(changed), planned)


def _texts(
    runtime: Runtime, reference: Reference, changed: Sequence[tuple[Row[Any], Written]], revision: int
) -> list[Wanted]:
    """One text for each customer whose date changed."""
    by_customer: dict[tuple[int, bytes], list[tuple[Row[Any], Written]]] = {}
    for order, written in changed:
        by_customer.setdefault((order.operator_id, bytes(order.phone_digest)), []).append((order, written))
    texts = []
    for (operator_id, _), orders in by_customer.items():
        try:
            operator = reference.operators[operator_id]
            texts.append(promise_texts.recounted(runtime.keys, operator, orders, revision))
        except UnreadableError:
            # A damaged number must not keep everybody else's promise from being counted.
            log.error("number_unreadable", order=orders[0][0].id)
    return texts
