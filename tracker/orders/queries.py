"""Reads of orders."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, Row, Select, bindparam, select, true, tuple_

from tracker.orders.fee_queries import fees_of
from tracker.orders.fee_sums import FeeSum, fees_as_sold
from tracker.orders.models import MOVE_KINDS, Order, OrderEvent
from tracker.orders.positions import HORIZON, Place, require_reached
from tracker.orders.rules import Stage, open_moves
from tracker.promises.models import Promise, PromiseEntry
from tracker.promises.queries import Ledger, read_ledgers
from tracker.promises.standing import current, latest_entry
from tracker.real_name.queries import latest_checks

_LATEST = latest_entry(
    Order.id,
    PromiseEntry.deadline,
    PromiseEntry.provisional,
    PromiseEntry.explanation,
    PromiseEntry.rule,
)
_DEADLINE, _PROVISIONAL = current(_LATEST, "deadline"), current(_LATEST, "provisional")

_SHOWN = (
    Order.id,
    Order.number,
    Order.external_reference,
    Order.stage,
    Order.version,
    Order.accepted_at,
    Order.customer_kind,
    Order.community_code,
    Order.price,
    _DEADLINE,
    _PROVISIONAL,
    current(_LATEST, "explanation"),
    current(_LATEST, "rule")["version"].as_integer().label("rule_version"),
    Promise.deadline.label("first_deadline"),
)


def _with_promise(wanted: Select[Any]) -> Select[Any]:
    """With the promise of each order, as first given and as it stands."""
    return wanted.join(Promise, Promise.order_id == Order.id).outerjoin(_LATEST, true())


_OF_CHANNEL = _with_promise(select(*_SHOWN)).where(Order.channel_id == bindparam("channel"))
# Built once: this one answers every request.
_ONE_OF_CHANNEL = _OF_CHANNEL.where(Order.number == bindparam("number"))
_HORIZON = select(HORIZON)
_LIST = (
    _OF_CHANNEL.add_columns(Order.written_in)
    .where(
        tuple_(Order.written_in, Order.id)
        > tuple_(bindparam("behind", type_=BigInteger), bindparam("behind_id", type_=BigInteger)),
        Order.written_in < HORIZON,
    )
    .order_by(Order.written_in, Order.id)
    .limit(bindparam("most", type_=Integer))
)


def channel_order(
    connection: Connection, channel_id: int, number: str, *, new: bool = False
) -> dict[str, Any] | None:
    """One order of a channel as OrderSchema shows it; None if the channel has no such order.

    `new`: it was stored just now, so nothing was charged or paid for it yet.
    """
    row = connection.execute(_ONE_OF_CHANNEL, {"channel": channel_id, "number": number}).one_or_none()
    if row is None:
        return None
    if new:
        return _as_shown(row, fees_as_sold(row.price), [])
    return _as_shown(row, fees_of(connection, [row])[row.id], latest_checks(connection, [row.id])[row.id])


def number_of_reference(connection: Connection, channel_id: int, reference: str) -> str | None:
    """Our number of the order that a channel has under its own; None if it has none."""
    return connection.scalar(
        select(Order.number).where(Order.channel_id == channel_id, Order.external_reference == reference)
    )


def channel_orders(
    connection: Connection, channel_id: int, *, after: Place, limit: int, stage: str | None
) -> tuple[list[dict[str, Any]], Place, bool]:
    """Orders of a channel behind a place of their list, the place to go on from, and whether there are more.

    What is being written is listed once nothing can come before it any more. Raises Refusal cursor.ahead.
    """
    require_reached(after, connection.scalar(_HORIZON) or 0)
    wanted = _LIST if stage is None else _LIST.where(Order.stage == stage)
    given = {"channel": channel_id, "behind": after.written_in, "behind_id": after.id, "most": limit + 1}
    rows: Sequence[Row[Any]] = connection.execute(wanted, given).all()
    shown = rows[:limit]
    place = Place(shown[-1].written_in, shown[-1].id) if shown else after
    fees, checks = fees_of(connection, shown), latest_checks(connection, [row.id for row in shown])
    return [_as_shown(row, fees[row.id], checks[row.id]) for row in shown], place, len(rows) > limit


def _as_shown(row: Row[Any], fees: Sequence[FeeSum], checks: Sequence[Row[Any]]) -> dict[str, Any]:
    shown = row._asdict()
    shown["plan"] = shown.pop("price")["filing_number"]
    shown["fees"] = fees
    shown["real_name_checks"] = [check._mapping for check in checks]
    shown["promise"] = {
        name: shown.pop(name)
        for name in ("deadline", "first_deadline", "provisional", "rule_version", "explanation")
    }
    shown["next_stages"] = [stage.value for stage in open_moves(Stage(shown["stage"]))]
    return shown


def connected_at(connection: Connection, order_id: int) -> datetime | None:
    """When the line was connected, None before."""
    return connection.scalar(_CONNECTED_AT.where(OrderEvent.order_id == order_id))


_CONNECTED_AT = (
    select(OrderEvent.occurred_at)
    .where(OrderEvent.stage == Stage.ACTIVATED, OrderEvent.kind.in_(MOVE_KINDS))
    .limit(1)
)


def operator_order(connection: Connection, operator_id: int, number: str) -> Row[Any] | None:
    """One order of an operator, without its sealed columns; None for another's."""
    return connection.execute(
        select(
            Order.id,
            Order.operator_id,
            Order.number,
            Order.stage,
            Order.version,
            Order.customer_kind,
            Order.product,
            Order.resource,
            Order.community_code,
            Order.channel_id,
            Order.accepted_at,
            Order.closed_at,
            Order.appointment_starts_at,
            Order.appointment_ends_at,
        ).where(Order.operator_id == operator_id, Order.number == number)
    ).one_or_none()


def channel_ledger(connection: Connection, channel_id: int, number: str) -> Ledger | None:
    """All that was promised of one order of a channel; None if the channel has no such order."""
    order_id = connection.scalar(
        select(Order.id).where(Order.channel_id == channel_id, Order.number == number)
    )
    return None if order_id is None else read_ledgers(connection, [order_id])[order_id]
