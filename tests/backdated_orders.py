"""Orders of months past, written as the use cases would have left them then."""

from datetime import date, datetime
from itertools import count
from typing import Any

from sqlalchemy import Connection, text

from tracker.figures.rules import Period, PeriodKind

JULY = Period(PeriodKind.MONTH, date(2026, 7, 1))

_numbers = count(1)

_ORDER = """
INSERT INTO orders SELECT (jsonb_populate_record(orders, jsonb_build_object(
  'id', :id, 'operator_id', :operator_id, 'number', 'QY' || :id, 'external_reference', 'past-' || :id))).*
FROM orders WHERE number = :pattern RETURNING id
"""
_PROMISE = """
INSERT INTO promises SELECT (jsonb_populate_record(promises, jsonb_build_object(
  'order_id', :id, 'operator_id', :operator_id, 'deadline', :deadline))).*
FROM promises JOIN orders ON orders.id = promises.order_id WHERE orders.number = :pattern
"""
_LINE = """
INSERT INTO promise_entries (operator_id, order_id, number, kind, reason_code, actor, recorded_at, rule,
  deadline, provisional, explanation, calendar_revision)
VALUES (:operator_id, :id, :number, :kind, :reason, 'system', :deadline, '{}', :deadline, false, '{}', 1)
"""
_EVENT = """
INSERT INTO order_events (operator_id, order_id, order_version, kind, stage, detail, actor, occurred_at,
  recorded_at, channel_id)
SELECT :operator_id, :id, :number, :kind, :stage, '{}', 'system', :at, :at, channel_id
  FROM orders WHERE id = :id
"""


class Backdated:
    """One order, with the columns of another."""

    def __init__(self, connection: Connection, pattern: str, operator_id: int) -> None:
        self._connection = connection
        self._lines, self._events = count(1), count(1)
        self._common: dict[str, Any] = {
            "id": 10**9 + next(_numbers),
            "operator_id": operator_id,
            "pattern": pattern,
        }
        self._execute(_ORDER)

    @property
    def id(self) -> int:
        """Its id."""
        number: int = self._common["id"]
        return number

    def promise(self, deadline: datetime) -> None:
        """What it was first promised for."""
        self._execute(_PROMISE, deadline=deadline)

    def line(self, kind: str, deadline: datetime, reason: str) -> None:
        """A further line of its ledger."""
        self._execute(_LINE, kind=kind, deadline=deadline, reason=reason, number=next(self._lines))

    def event(self, kind: str, stage: str, at: datetime) -> None:
        """An event of its history."""
        self._execute(_EVENT, kind=kind, stage=stage, at=at, number=next(self._events))

    def _execute(self, statement: str, **given: Any) -> None:
        self._connection.execute(text(statement), self._common | given)
