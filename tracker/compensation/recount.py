"""Count what late orders come to, and write it down where it is not what the ledger says."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from tracker.compensation.models import CompensationEntry
from tracker.compensation.queries import latest_of
from tracker.compensation.rules import Kind, Stretch, Working, as_json, left_out_of, working_of
from tracker.compensation.telling import tell_corrected, tell_fixed
from tracker.orders.fee_queries import totals_of
from tracker.orders.fee_sums import PLAN_FEES, Totals
from tracker.orders.models import MOVE_KINDS, Order, OrderEvent
from tracker.orders.rules import Stage
from tracker.orders.wording import is_news
from tracker.promises.ledger import Entry, holds_in
from tracker.promises.ledger import Kind as EntryKind
from tracker.promises.queries import Ledger, read_ledgers
from tracker.runtime import Runtime

_entries = CompensationEntry.__table__
_SYSTEM = "system"
_NOTHING = timedelta(0)


@dataclass(frozen=True)
class Connected:
    """When a line was connected, and when that was written down."""

    at: datetime
    recorded_at: datetime


def recount(
    connection: Connection, runtime: Runtime, order_ids: Collection[int], now: datetime, *, tell: bool = True
) -> int:
    """Bring the ledgers of these orders up to date; returns how many lines were written.

    An order that was connected late gets its first line, one whose excuses, fees or promise changed since a
    correction. Customers are told, unless not to `tell`, and not of what was recorded long after it happened.
    Whoever does the same at the same time waits for the other, and finds nothing left to do.
    """
    orders = connection.execute(
        select(Order.__table__).where(Order.id.in_(order_ids)).order_by(Order.id).with_for_update()
    ).all()
    ledgers = read_ledgers(connection, [one.id for one in orders])
    totals = totals_of(connection, orders)
    connected = _connected(connection, [one.id for one in orders])
    known = latest_of(connection, [one.id for one in orders])
    written = 0
    for order in orders:
        when = connected.get(order.id)
        if when is None:
            continue
        counted = count(ledgers[order.id], when.at, totals[order.id])
        line = _line(order, when, counted, known.get(order.id), now)
        if line is None:
            continue
        connection.execute(insert(_entries).values(**line))
        written += 1
        if tell and is_news(when.at, when.recorded_at):
            _tell(connection, runtime, order, line, known.get(order.id), now)
    return written


def count(ledger: Ledger, until: datetime, totals: Mapping[str, Totals]) -> Working:
    """What an order comes to that was connected then, or is not yet; of one in time, nothing."""
    deadline, fee_fen = ledger.current.binding, fee_of(totals)
    found = working_of(deadline, until, stretches_in(ledger.entries), fee_fen)
    return found or Working(deadline, until, (), _NOTHING, 0, fee_fen, 0)


def fee_of(totals: Mapping[str, Totals]) -> int:
    """The fee charged for an installation, in fen: what was asked for it less what was waived."""
    return sum(totals[fee].due for fee in PLAN_FEES)


def stretches_in(entries: Iterable[Entry]) -> list[Stretch]:
    """What of an order's delay is not the operator's doing, by its promise ledger."""
    lines = list(entries)
    excused = [
        Stretch(one.starts_at, one.ends_at, "excuse")
        for one in lines
        if one.kind is EntryKind.EXCUSE and one.starts_at is not None and one.ends_at is not None
    ]
    held = [Stretch(one.starts_at, one.ends_at, "hold") for one in holds_in(lines).values()]
    return [*excused, *held]


def _connected(connection: Connection, order_ids: Collection[int]) -> dict[int, Connected]:
    rows = connection.execute(
        select(OrderEvent.order_id, OrderEvent.occurred_at, OrderEvent.recorded_at)
        .where(
            OrderEvent.order_id.in_(order_ids),
            OrderEvent.kind.in_(MOVE_KINDS),
            OrderEvent.stage == Stage.ACTIVATED,
        )
        .order_by(OrderEvent.order_id, OrderEvent.occurred_at.desc())
    )
    return {row.order_id: Connected(row.occurred_at, row.recorded_at) for row in rows}


def _line(
    order: Row[Any], when: Connected, counted: Working, known: Row[Any] | None, now: datetime
) -> dict[str, Any] | None:
    """The line to be written; None where there is nothing new to say."""
    if known is None and not counted.days:
        return None
    comes_to = (counted.days, counted.fee_fen, counted.amount_fen)
    if known is not None and comes_to == (known.days, known.fee_fen, known.amount_fen):
        return None
    return {
        "operator_id": order.operator_id,
        "order_id": order.id,
        "number": 1 if known is None else known.number + 1,
        "kind": Kind.FIXED if known is None else Kind.CORRECTED,
        "connected_at": when.at,
        "days": counted.days,
        "fee_fen": counted.fee_fen,
        "amount_fen": counted.amount_fen,
        "paid_fen": 0 if known is None else known.paid_fen,
        "working": as_json(counted),
        "because": None if known is None else _because(counted, known),
        "actor": _SYSTEM,
        "recorded_at": now,
    }


def _because(counted: Working, known: Row[Any]) -> str:
    """What changed since the line before."""
    if counted.fee_fen != known.fee_fen:
        return "fee"
    if counted.deadline.isoformat() != known.working["deadline"]:
        return "promise"
    return "excuse" if counted.left_out != left_out_of(known.working) else "connection"


def _tell(
    connection: Connection,
    runtime: Runtime,
    order: Row[Any],
    line: Mapping[str, Any],
    known: Row[Any] | None,
    now: datetime,
) -> None:
    """A free installation comes to nothing, of which nobody is told."""
    if known is None and line["amount_fen"]:
        tell_fixed(connection, runtime, order, line, now)
    elif known is not None and line["amount_fen"] != known.amount_fen:
        tell_corrected(connection, runtime, order, line, now)
