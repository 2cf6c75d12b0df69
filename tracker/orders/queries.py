"""Reads of orders."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from tracker.orders.models import Order, OrderEvent
from tracker.orders.rules import Stage, open_moves
from tracker.promises.models import Promise

_SHOWN = (
    Order.id,
    Order.number,
    Order.external_reference,
    Order.stage,
    Order.version,
    Order.accepted_at,
    Order.customer_kind,
    Order.community_code,
    Order.price["filing_number"].astext.label("plan"),
    Promise.deadline,
    Promise.provisional,
    Promise.explanation,
    Promise.rule["version"].as_integer().label("rule_version"),
)


_OF_CHANNEL = (
    select(*_SHOWN)
    .join(Promise, Promise.order_id == Order.id)
    .where(Order.channel_id == bindparam("channel"))
)
# Built once: this one answers every request.
_ONE_OF_CHANNEL = _OF_CHANNEL.where(Order.number == bindparam("number"))


def channel_order(connection: Connection, channel_id: int, number: str) -> dict[str, Any] | None:
    """One order of a channel as OrderSchema shows it; None if the channel has no such order."""
    row = connection.execute(_ONE_OF_CHANNEL, {"channel": channel_id, "number": number}).one_or_none()
    return None if row is None else _as_shown(row)


def channel_orders(
    connection: Connection, channel_id: int, *, after_id: int, limit: int, stage: str | None
) -> tuple[list[dict[str, Any]], int | None]:
    """Orders of a channel with ids above `after_id`, and the id to go on from, None at the end."""
    wanted = _OF_CHANNEL.where(Order.id > after_id).order_by(Order.id).limit(limit + 1)
    if stage is not None:
        wanted = wanted.where(Order.stage == stage)
    rows: Sequence[Row[Any]] = connection.execute(wanted, {"channel": channel_id}).all()
    more = len(rows) > limit
    return [_as_shown(row) for row in rows[:limit]], rows[limit - 1].id if more else None


def _as_shown(row: Row[Any]) -> dict[str, Any]:
    shown = row._asdict()
    shown["promise"] = {
        name: shown.pop(name) for name in ("deadline", "provisional", "rule_version", "explanation")
    }
    shown["next_stages"] = [stage.value for stage in open_moves(Stage(shown["stage"]))]
    return shown


def operator_orders(
    connection: Connection, operator_id: int, *, before_id: int | None, limit: int, stage: str | None
) -> tuple[list[Row[Any]], int | None]:
    """Orders of an operator, newest first, for its staff; and the id to go on below, None at the end."""
    connected_at = (
        select(OrderEvent.occurred_at)
        .where(OrderEvent.order_id == Order.id, OrderEvent.stage == Stage.ACTIVATED)
        .limit(1)
        .scalar_subquery()
        .label("connected_at")
    )
    wanted = (
        select(
            Order.id,
            Order.number,
            Order.stage,
            Order.customer_kind,
            Order.community_code,
            Order.channel_id,
            Order.accepted_at,
            Order.closed_at,
            Promise.deadline,
            Promise.provisional,
            connected_at,
        )
        .join(Promise, Promise.order_id == Order.id)
        .where(Order.operator_id == operator_id)
        .order_by(Order.id.desc())
        .limit(limit + 1)
    )
    if before_id is not None:
        wanted = wanted.where(Order.id < before_id)
    if stage is not None:
        wanted = wanted.where(Order.stage == stage)
    rows = list(connection.execute(wanted).all())
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None
