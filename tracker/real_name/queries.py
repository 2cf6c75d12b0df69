"""Reads of real-name checks."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Connection, Row, bindparam, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from tracker.real_name.models import RealNameCheck, RequiredChecks

_checks, _required = RealNameCheck.__table__, RequiredChecks.__table__

# Built once: they answer requests for an order.
_LATEST = (
    select(
        _checks.c.order_id,
        _checks.c.kind.label("check"),
        _checks.c.result,
        _checks.c.reference,
        _checks.c.reason_code,
        _checks.c.reason_text,
        _checks.c.actor,
        _checks.c.recorded_at,
    )
    .ext(distinct_on(_checks.c.order_id, _checks.c.kind))
    .where(_checks.c.order_id == func.any(bindparam("orders", type_=ARRAY(BigInteger))))
    .order_by(_checks.c.order_id, _checks.c.kind, _checks.c.id.desc())
)


def latest_checks(connection: Connection, order_ids: Collection[int]) -> dict[int, list[Row[Any]]]:
    """What came last of each check of these orders, by order; `check` is its kind."""
    found: dict[int, list[Row[Any]]] = {order_id: [] for order_id in order_ids}
    for row in connection.execute(_LATEST, {"orders": list(found)}):
        found[row.order_id].append(row)
    return found


def latest_results(connection: Connection, order_id: int) -> dict[str, str]:
    """The last result of each check of an order."""
    return {row.check: row.result for row in latest_checks(connection, [order_id])[order_id]}


def read_required(connection: Connection) -> dict[int, frozenset[str]]:
    """What each operator requires now."""
    rows = connection.execute(
        select(_required.c.operator_id, _required.c.checks)
        .ext(distinct_on(_required.c.operator_id))
        .order_by(_required.c.operator_id, _required.c.id.desc())
    )
    return {row.operator_id: frozenset(row.checks) for row in rows}


def settings_of(connection: Connection, operator_id: int, limit: int) -> Sequence[Row[Any]]:
    """What an operator has required, the latest first."""
    return connection.execute(
        select(_required)
        .where(_required.c.operator_id == operator_id)
        .order_by(_required.c.id.desc())
        .limit(limit)
    ).all()
