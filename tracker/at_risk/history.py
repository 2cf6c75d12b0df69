"""What was done about orders at risk: before whom they were brought, and who took them over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from tracker.at_risk.models import Escalation, RiskTakeover
from tracker.at_risk.rules import Level

_escalations = Escalation.__table__
_takeovers = RiskTakeover.__table__


@dataclass(frozen=True)
class Followed:
    """The highest level that an order has come to with its present deadline, and who took it over last."""

    level: Level | None
    taken_by: str | None
    taken_at: datetime | None


def followed(connection: Connection, operator_id: int, deadlines: dict[int, datetime]) -> dict[int, Followed]:
    """How orders are followed up, by their ids; `deadlines`: what each has to be connected by now."""
    ids = list(deadlines)
    highest = func.max(_escalations.c.level).label("level")
    levels: dict[int, Level] = {
        row.order_id: Level(row.level)
        for row in connection.execute(
            select(_escalations.c.order_id, _escalations.c.deadline, highest)
            .where(_escalations.c.order_id.in_(ids), _escalations.c.operator_id == operator_id)
            .group_by(_escalations.c.order_id, _escalations.c.deadline)
        )
        if row.deadline == deadlines[row.order_id]
    }
    taken = {row.order_id: row for row in connection.execute(_latest_takeovers(operator_id, ids))}
    return {
        one: Followed(
            levels.get(one),
            taken[one].actor if one in taken else None,
            taken[one].at if one in taken else None,
        )
        for one in ids
    }


def is_supervised(connection: Connection, operator_id: int, order_id: int, deadline: datetime) -> bool:
    """Whether an order bears the mark 督办: it was brought before every manager, for its present deadline."""
    standing = followed(connection, operator_id, {order_id: deadline})[order_id]
    return standing.level is Level.EVERY_MANAGER


def escalations_of(connection: Connection, operator_id: int, order_id: int) -> Sequence[Row[Any]]:
    """Every time an order was brought before somebody, the first first."""
    return connection.execute(
        select(_escalations)
        .where(_escalations.c.order_id == order_id, _escalations.c.operator_id == operator_id)
        .order_by(_escalations.c.id)
    ).all()


def takeovers_of(connection: Connection, operator_id: int, order_id: int) -> Sequence[Row[Any]]:
    """Everybody who took an order over, the first first."""
    return connection.execute(
        select(_takeovers)
        .where(_takeovers.c.order_id == order_id, _takeovers.c.operator_id == operator_id)
        .order_by(_takeovers.c.id)
    ).all()


def _latest_takeovers(operator_id: int, ids: Collection[int]) -> Any:
    return (
        select(_takeovers.c.order_id, _takeovers.c.actor, _takeovers.c.at)
        .where(_takeovers.c.order_id.in_(ids), _takeovers.c.operator_id == operator_id)
        .ext(distinct_on(_takeovers.c.order_id))
        .order_by(_takeovers.c.order_id, _takeovers.c.id.desc())
    )
