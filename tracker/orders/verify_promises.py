"""Replay every ledger and compare: each deadline that was ever told must follow from what is written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from tracker.orders.models import Order
from tracker.promises.calendars import Calendars
from tracker.promises.ledger import replay, replay_binding
from tracker.promises.queries import Ledger, read_calendars, read_ledgers
from tracker.runtime import Runtime

_BATCH = 500


@dataclass(frozen=True)
class Difference:
    """A stored deadline that does not follow, as told or as it binds: of the first promise (entry 0) or of a
    ledger entry.
    """

    order: str
    entry: int
    stored: datetime
    replayed: datetime


def verify_promises(
    runtime: Runtime, on_orders: Callable[[int], None] = lambda count: None
) -> tuple[int, list[Difference]]:
    """How many orders were replayed, and what differs. Reads only."""
    reference = runtime.reference.current()
    by_revision: dict[int, Calendars] = {}
    count, after = 0, 0
    differences: list[Difference] = []
    while True:
        with runtime.db.reading() as connection:
            orders = connection.execute(
                select(Order.id, Order.number, Order.operator_id, Order.community_code)
                .where(Order.id > after)
                .order_by(Order.id)
                .limit(_BATCH)
            ).all()
            ledgers = read_ledgers(connection, [order.id for order in orders])
            for order in orders:
                county = reference.places[order.community_code].county_code
                differences += _differences(
                    connection, by_revision, ledgers[order.id], order.number, order.operator_id, county
                )
        if not orders:
            return count, differences
        count += len(orders)
        on_orders(len(orders))
        after = orders[-1].id


def _differences(
    connection: Connection,
    by_revision: dict[int, Calendars],
    ledger: Ledger,
    number: str,
    operator_id: int,
    county_code: str,
) -> Iterator[Difference]:
    for length, standing in enumerate(ledger.standings):
        calendars = by_revision.get(standing.calendar_revision)
        if calendars is None:
            calendars = read_calendars(connection, standing.calendar_revision)
            if calendars is None:
                raise AssertionError("a promise was counted by a calendar that is not there")
            by_revision[standing.calendar_revision] = calendars
        entries, calendar = ledger.entries[:length], calendars.of(operator_id, county_code)
        found = replay(ledger.first, entries, calendar)
        if (found.at, found.provisional) != (standing.deadline, standing.provisional):
            yield Difference(number, length, standing.deadline, found.at)
            continue
        binding = replay_binding(ledger.first, entries, calendar, found).at
        if binding != standing.binding:
            yield Difference(number, length, standing.binding, binding)
