"""Read the histories of orders on into facts and sums.

Every change of an order is an event (invariant I7), and events can be read on from where they were read to
(`tracker.orders.positions`): so whoever takes orders in pays nothing for the figures. What has not been read
yet, `tracker.figures.on_time` counts by itself.
"""

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    FromClause,
    MetaData,
    Select,
    Table,
    bindparam,
    delete,
    func,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.schema import CreateTable

from tracker.channels.models import Channel
from tracker.db import Database
from tracker.figures.cells import (
    APART,
    DAY,
    FACTS,
    INCOMING_DUE,
    MONTH,
    Signed,
    additions,
    apply_changes,
    cell_changes,
    hand_changes,
)
from tracker.figures.facts import facts_of
from tracker.figures.models import (
    FigureCell,
    FigureCheck,
    FigureFact,
    FigureHand,
    FigureHandTally,
    FigureReading,
    FigureTally,
)
from tracker.figures.tallies import (
    INCOMING_THINGS,
    apply_tallies,
    hand_tally_changes,
    tally_changes,
    things_of,
)
from tracker.orders.models import Order, OrderEvent
from tracker.orders.positions import HORIZON

# What one commit reads of each channel's events, and of orders that are read from their beginning.
_EVENTS_AT_ONCE = 20_000
_ORDERS_AT_ONCE = 50_000

_facts = FigureFact.__table__
_events = OrderEvent.__table__
_incoming = _facts.to_metadata(MetaData(), name="incoming_facts")
_MAKE_ROOM = (
    text("CREATE TEMPORARY TABLE IF NOT EXISTS incoming_facts (LIKE figure_facts) ON COMMIT DELETE ROWS"),
    delete(_incoming),
)


_next = (
    select(Order.id).where(Order.id > bindparam("last")).order_by(Order.id).limit(_ORDERS_AT_ONCE).subquery()
)
_NEXT_ORDERS = select(func.max(_next.c.id))
_ABOUT_HOW_MANY = text("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'orders'::regclass")


def unread_orders(read_to: Any, before: Any = None) -> Select[tuple[int]]:
    """The orders with an event from a place of the feed on, and before another: `order_id`, each once.

    Channel by channel, for that is how events are indexed.
    """
    later = select(_events.c.order_id).where(
        _events.c.channel_id == Channel.id, _events.c.written_in >= read_to
    )
    if before is not None:
        later = later.where(_events.c.written_in < before)
    found = later.lateral("later")
    return select(found.c.order_id).select_from(Channel).join(found, true()).distinct()


def keep_cells(
    db: Database, *, patience: float | None = None, done: Callable[[int], None] = lambda _orders: None
) -> int:
    """Read on as far as every transaction has ended; returns how many orders were read.

    Safe to repeat, to run twice at once, and to be killed. `patience`: after how many seconds no further
    portion is begun; None reads all. `done` is told of each commit's orders.
    """
    began, read, is_last = time.monotonic(), 0, False
    while not is_last and (patience is None or time.monotonic() - began < patience):
        with db.transaction() as connection:
            orders, is_last = _read_on(connection)
        read += orders
        done(orders)
    return read


def make_anew(
    db: Database,
    began: Callable[[int], None] = lambda _orders: None,
    done: Callable[[int], None] = lambda _orders: None,
) -> int:
    """Read every order from its beginning, as if none had been read; returns how many there are.

    In one transaction: until its end everybody reads what stood before. `began` is told how many orders there
    are at most, `done` of each portion.
    """
    with db.transaction() as connection:
        _lock(connection)
        horizon = connection.scalar(select(HORIZON))
        # What was found wrong of them is not true of new ones.
        for table in (FigureCheck, FigureHandTally, FigureTally, FigureHand, FigureCell, FigureFact):
            connection.execute(delete(table))
        began(connection.scalar(_ABOUT_HOW_MANY) or 0)
        read, last = 0, 0
        while (last_of_next := connection.scalar(_NEXT_ORDERS, {"last": last})) is not None:
            portion = Order.id > last, Order.id <= last_of_next
            orders = _take_in(connection, select(Order.id.label("order_id")).where(*portion))
            read, last = read + orders, last_of_next
            done(orders)
        connection.execute(update(FigureReading).values(read_to=horizon))
    return read


def sum_up(connection: Connection, *parts: Signed) -> None:
    """Add to the sums what these orders add."""
    due, things = INCOMING_DUE, INCOMING_THINGS
    _work_out(connection, due, additions(*parts))
    _work_out(connection, things, things_of(*parts))
    for grain in (DAY, MONTH):
        connection.execute(apply_changes(cell_changes(due, grain), FigureCell))
        connection.execute(apply_tallies(tally_changes(things, grain), FigureTally))
        for hand in APART:
            connection.execute(apply_changes(hand_changes(due, grain, hand), FigureHand))
            connection.execute(apply_tallies(hand_tally_changes(things, grain, hand), FigureHandTally))


def _work_out(connection: Connection, room: Table, rows: FromClause) -> None:
    """Put the rows into a temporary table, in the place of what it held."""
    names = [column.name for column in room.columns]
    connection.execute(CreateTable(room, if_not_exists=True))
    connection.execute(delete(room))
    connection.execute(insert(room).from_select(names, select(*(rows.c[name] for name in names))))


def _lock(connection: Connection) -> int:
    """How far was read to; nobody else reads on until the commit."""
    return connection.execute(select(FigureReading.read_to).with_for_update()).scalar_one()


def _read_on(connection: Connection) -> tuple[int, bool]:
    """Read a portion; returns how many orders it had, and whether it was the last."""
    read_to = _lock(connection)
    before, is_last = connection.execute(_PORTION, {"read_to": read_to}).one()
    if before <= read_to:
        return 0, True
    orders = _take_in(connection, unread_orders(read_to, before))
    connection.execute(update(FigureReading).values(read_to=before))
    return orders, is_last


def _portion() -> Select[Any]:
    """Where the next portion ends, and whether it is the last: at the horizon, or where a channel has had
    so many events.
    """
    many = (
        select(_events.c.written_in)
        .where(
            _events.c.channel_id == Channel.id, _events.c.written_in >= bindparam("read_to", type_=BigInteger)
        )
        .order_by(_events.c.written_in)
        .offset(_EVENTS_AT_ONCE)
        .limit(1)
        .lateral("many")
    )
    # Of one place all is read, or nothing.
    full = select(func.min(many.c.written_in) + 1).select_from(Channel).join(many, true()).scalar_subquery()
    return select(func.least(HORIZON, full), func.coalesce(full >= HORIZON, true()))


_PORTION = _portion()


def _take_in(connection: Connection, wanted: Select[tuple[int]]) -> int:
    """Bring the facts of these orders up to date, and the sums with them; returns how many there are."""
    for statement in _MAKE_ROOM:
        connection.execute(statement)
    fresh = facts_of(wanted.subquery("wanted"))
    taken = insert(_incoming).from_select(list(FACTS), fresh).execution_options(preserve_rowcount=True)
    orders: int = connection.execute(taken).rowcount
    before = _facts.join(_incoming, _facts.c.order_id == _incoming.c.order_id)
    known = select(*(_facts.c[name] for name in FACTS)).select_from(before).subquery("known")
    sum_up(connection, Signed(_incoming, 1), Signed(known, -1))
    new = insert(_facts).from_select(list(FACTS), select(*(_incoming.c[name] for name in FACTS)))
    connection.execute(
        new.on_conflict_do_update(
            index_elements=["order_id"],
            set_={name: new.excluded[name] for name in FACTS if name != "order_id"},
        )
    )
    return orders
