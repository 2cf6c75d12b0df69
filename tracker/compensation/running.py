"""What open orders that are late come to by now: counted at the question, for it grows by the day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from tracker.compensation.queries import running_orders
from tracker.compensation.recount import count
from tracker.compensation.rules import Working
from tracker.orders.fee_queries import totals_of
from tracker.promises.queries import read_ledgers

_AT_ONCE = 500


@dataclass(frozen=True)
class Running:
    """An order that is late and not connected, and what it comes to so far."""

    order_id: int
    number: str
    community_code: str
    working: Working


@dataclass(frozen=True)
class RunningTotal:
    """So many open orders are late through the operator's fault, and come to so much by now."""

    orders: int = 0
    amount_fen: int = 0


def running(
    connection: Connection, operator_id: int, now: datetime, *, county: str | None = None
) -> Iterator[Running]:
    """Open orders of an operator that are late through its own fault, the longest late first."""
    for some in running_orders(connection, operator_id, now, at_once=_AT_ONCE, county=county):
        ledgers = read_ledgers(connection, [one.id for one in some])
        totals = totals_of(connection, some)
        for one in some:
            working = count(ledgers[one.id], now, totals[one.id])
            if working.days:
                yield Running(one.id, one.number, one.community_code, working)


def total_of(orders: Iterable[Running]) -> RunningTotal:
    """All of them together."""
    every = [one.working.amount_fen for one in orders]
    return RunningTotal(len(every), sum(every))
