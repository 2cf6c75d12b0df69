"""What an excuse would change, for whoever decides on it: the net figure, and what the customer is owed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from tracker import clock
from tracker.compensation.recount import count, stretches_in
from tracker.compensation.rules import Stretch, Working, working_of
from tracker.excuses.rules import lies_after
from tracker.figures.on_time import Asked, on_time_figures
from tracker.figures.on_time import Stretch as Days
from tracker.figures.rules import Counts, Period, PeriodKind, period_of
from tracker.orders.fee_queries import totals_of
from tracker.orders.head import Head
from tracker.orders.models import Order
from tracker.orders.standing import ENDED_EARLY
from tracker.promises.ledger import Kind
from tracker.promises.queries import Ledger, read_ledgers
from tracker.reports.queries import is_submitted


@dataclass(frozen=True)
class Effect:
    """How an order stands in the net figure of the month of its deadline, and what approving would make of
    that and of its compensation.

    `standing`: "on_time", "ended", "connected_before" and "due_before" (the delay began) are left as they
    are, "excused" was left out already, "running" may come to be late, and "late" is left out from the
    approval on. A date given anew moves none of it. `before` and `after` are the month's counts;
    `is_reported`: the report of its half-year was submitted, which leaves that as it is. `now_owed` and
    `then_owed` are how the compensation is counted, None where the order is not late.
    """

    standing: str
    length: timedelta
    month: date
    before: Counts
    after: Counts
    is_reported: bool
    now_owed: Working | None
    then_owed: Working | None


def effect_of(
    connection: Connection, operator_id: int, order: Head, asked: Row[Any], now: datetime
) -> Effect:
    """The effect of an excuse that is asked for, as things stand now."""
    row = connection.execute(select(Order.id, Order.price, Order.stage).where(Order.id == order.id)).one()
    ledger = read_ledgers(connection, [order.id])[order.id]
    until = order.connected_at or now
    deadline = ledger.current.binding
    standing = _standing(order, asked, ledger, until, now)
    month = period_of(PeriodKind.MONTH, clock.local_date(deadline - timedelta(microseconds=1)))
    before = _counts(connection, operator_id, month, now)
    after = before
    if standing == "late":
        after = Counts(before.due, before.on_time, max(before.net_due - 1, 0), before.net_on_time)
    working = None
    then = None
    if until > deadline and order.stage not in ENDED_EARLY:
        totals = totals_of(connection, [row])[order.id]
        working = count(ledger, until, totals)
        stretches = [*stretches_in(ledger.entries), Stretch(asked.starts_at, asked.ends_at)]
        then = working_of(deadline, until, stretches, working.fee_fen)
    return Effect(
        standing,
        asked.ends_at - asked.starts_at,
        month.starts_on,
        before,
        after,
        is_submitted(connection, operator_id, period_of(PeriodKind.HALF, month.starts_on).starts_on),
        working,
        then,
    )


def _standing(order: Head, asked: Row[Any], ledger: Ledger, until: datetime, now: datetime) -> str:
    if order.stage in ENDED_EARLY:
        return "ended"
    if lies_after(asked.starts_at, order.connected_at):
        return "connected_before"
    deadline = ledger.current.binding
    if order.connected_at is not None and order.connected_at <= deadline:
        return "on_time"
    excused = [one for one in ledger.entries if one.kind is Kind.EXCUSE]
    if any(one.starts_at is None or one.starts_at < deadline for one in excused):
        return "excused"
    if asked.starts_at >= deadline:
        return "due_before"
    return "late" if until > deadline and deadline <= now else "running"


def _counts(connection: Connection, operator_id: int, month: Period, now: datetime) -> Counts:
    asked = Asked(Days(month.starts_on, month.ends_on), only={"operator_id": operator_id})
    return on_time_figures(connection, asked, now).get("", Counts())
