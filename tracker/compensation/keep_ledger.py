"""Keep the ledger of compensation: read the histories of orders on, and count those anew that may be late.

Every change of an order is an event (invariant I7): that its line was connected, that a delay of it was
excused, that a fee was charged or waived. So whoever changes orders need not know of compensation.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, func, or_, select, true, update

from tracker import clock
from tracker.channels.models import Channel
from tracker.compensation.models import CompensationEntry, CompensationReading
from tracker.compensation.recount import recount
from tracker.figures.facts import facts_of
from tracker.figures.keep_cells import unread_orders
from tracker.figures.models import FigureFact
from tracker.orders.models import OrderEvent
from tracker.orders.positions import HORIZON
from tracker.runtime import Runtime

# What one commit reads of each channel's events.
_EVENTS_AT_ONCE = 5_000
_ORDERS_AT_ONCE = 200


def keep_ledger(runtime: Runtime, *, patience: float | None = None) -> int:
    """Read on as far as every transaction has ended; returns how many lines were written.

    Safe to repeat, to run twice at once, and to be killed. `patience`: after how many seconds no further
    portion is begun; None reads all.
    """
    began, written, is_last = time.monotonic(), 0, False
    while not is_last and (patience is None or time.monotonic() - began < patience):
        with runtime.db.transaction() as connection:
            lines, is_last = _read_on(connection, runtime)
        written += lines
    return written


def catch_up(runtime: Runtime, since: date, done: Callable[[int], None] = lambda _orders: None) -> int:
    """Take in orders whose lines were connected late since a day, from before there was a ledger.

    Nobody is told. Returns how many lines were written; `done` is told of each commit's orders.
    """
    at = datetime.combine(since, datetime.min.time(), clock.CITY_ZONE)
    known = exists().where(CompensationEntry.order_id == FigureFact.order_id)
    with runtime.db.reading() as connection:
        late = connection.scalars(
            select(FigureFact.order_id)
            .where(FigureFact.connected_at >= at, FigureFact.connected_at > FigureFact.deadline, ~known)
            .order_by(FigureFact.order_id)
        ).all()
    written = 0
    for some in _portions(late):
        with runtime.db.transaction() as connection:
            written += recount(connection, runtime, some, clock.now(), tell=False)
        done(len(some))
    return written


def _read_on(connection: Connection, runtime: Runtime) -> tuple[int, bool]:
    """Read a portion; returns how many lines it led to, and whether it was the last."""
    read_to = connection.execute(select(CompensationReading.read_to).with_for_update()).scalar_one()
    before, is_last = connection.execute(_portion(read_to)).one()
    if before <= read_to:
        return 0, True
    touched = unread_orders(read_to, before).subquery("touched")
    facts = facts_of(touched, visits=False).subquery("facts")
    known = exists().where(CompensationEntry.order_id == facts.c.order_id)
    late = connection.scalars(
        select(facts.c.order_id)
        .where(or_(facts.c.connected_at > facts.c.deadline, known))
        .order_by(facts.c.order_id)
    ).all()
    now = clock.now()
    written = sum(recount(connection, runtime, some, now) for some in _portions(late))
    connection.execute(update(CompensationReading).values(read_to=before))
    return written, is_last


def _portion(read_to: int) -> Select[Any]:
    """Where the portion ends, and whether it is the last: at the horizon, or where a channel has had so many
    events; of one place all is read, or nothing.
    """
    many = (
        select(OrderEvent.written_in)
        .where(OrderEvent.channel_id == Channel.id, OrderEvent.written_in >= read_to)
        .order_by(OrderEvent.written_in)
        .offset(_EVENTS_AT_ONCE)
        .limit(1)
        .lateral("many")
    )
    full = select(func.min(many.c.written_in) + 1).select_from(Channel).join(many, true()).scalar_subquery()
    return select(func.least(HORIZON, full), func.coalesce(full >= HORIZON, true()))


def _portions(order_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(order_ids), _ORDERS_AT_ONCE):
        yield order_ids[start : start + _ORDERS_AT_ONCE]
