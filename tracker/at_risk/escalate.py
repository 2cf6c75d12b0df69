"""Bring orders before whoever must look after them (督办), step by step, whatever the hour.

Who is to be told is told afterwards (`tell_staff`). Each round looks at what stands there: two at once, or
one after another that was killed, only find less to do.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.at_risk.models import Escalation
from tracker.at_risk.queries import standing_near
from tracker.at_risk.read_rules import rules_in_force
from tracker.at_risk.recipients import of_level, recipients
from tracker.at_risk.rules import level_of, told_ahead
from tracker.notices.office_hours import office_calendar
from tracker.orders.rules import Stage
from tracker.runtime import Runtime

_escalations = Escalation.__table__
# One that was written down a moment ago by another round.
_INSERT = insert(_escalations).on_conflict_do_nothing().returning(_escalations.c.id)


def escalate(runtime: Runtime) -> int:
    """Write down every step that an order of any operator has come to; returns how many are new."""
    return sum(_write_down(runtime, one) for one in runtime.reference.current().operators)


def _write_down(runtime: Runtime, operator_id: int) -> int:
    now, calendar = clock.now(), office_calendar(runtime.reference.current(), operator_id)
    with runtime.db.transaction() as connection:
        rules = told_ahead(rules_in_force(connection, operator_id).rules, calendar, now)
        steps = [
            (row, level)
            for row in standing_near(connection, operator_id, rules, now)
            if (level := level_of(row.deadline, row.stage == Stage.ON_SITE, rules, now)) is not None
        ]
        highest = _highest(connection, [row.id for row, _ in steps])
        staff = recipients(connection, operator_id) if steps else []
        new = [
            {
                "operator_id": operator_id,
                "order_id": row.id,
                "level": level,
                "deadline": row.deadline,
                "risks": row.risks,
                "account_ids": [one.id for one in of_level(staff, level)],
                "at": now,
            }
            for row, level in steps
            if level > highest.get((row.id, row.deadline), 0)
        ]
        return len(connection.execute(_INSERT, new).all()) if new else 0


def _highest(connection: Connection, order_ids: Sequence[int]) -> dict[tuple[int, datetime], int]:
    """The highest level that is written down of each of these orders, for each of its deadlines."""
    rows: Sequence[Any] = connection.execute(
        select(_escalations.c.order_id, _escalations.c.deadline, _escalations.c.level)
        .where(_escalations.c.order_id.in_(order_ids))
        .order_by(_escalations.c.level)
    ).all()
    return {(row.order_id, row.deadline): row.level for row in rows}
