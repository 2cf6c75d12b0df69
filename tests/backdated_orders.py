"""Orders of months past, written as the use cases would have left them then."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from itertools import count
from typing import Any

from sqlalchemy import Connection, text

from tracker.figures.rules import Period, PeriodKind

JULY = Period(PeriodKind.MONTH, date(2026, 7, 1))

_numbers = count(1)

_ORDER = """
INSERT INTO orders SELECT (jsonb_populate_record(orders, jsonb_build_object(
  'id', :id, 'operator_id', :operator_id, 'number', 'QY' || :id, 'external_reference', 'past-' || :id)
  || CAST(:columns AS jsonb))).*
FROM orders WHERE number = :pattern RETURNING id
"""
_PROMISE = """
INSERT INTO promises SELECT (jsonb_populate_record(promises, jsonb_build_object(
  'order_id', :id, 'operator_id', :operator_id, 'deadline', :deadline))).*
FROM promises JOIN orders ON orders.id = promises.order_id WHERE orders.number = :pattern
"""
_LINE = """
INSERT INTO promise_entries (operator_id, order_id, number, kind, reason_code, actor, recorded_at, rule,
  deadline, provisional, explanation, calendar_revision, starts_at, ends_at, lifts)
VALUES (:operator_id, :id, :number, :kind, :reason, 'system', :recorded_at, '{}', :deadline, false, '{}', 1,
  :starts_at, :ends_at, :lifts)
"""
_EVENT = """
INSERT INTO order_events (operator_id, order_id, order_version, kind, stage, reason_code, detail, actor,
  occurred_at, recorded_at, channel_id)
SELECT :operator_id, :id, :number, :kind, :stage, :reason, CAST(:detail AS jsonb), 'system', :at, :at,
  channel_id
  FROM orders WHERE id = :id
"""


class Backdated:
    """One order, with the columns of another but for those that are given."""

    def __init__(
        self,
        connection: Connection,
        pattern: str,
        operator_id: int,
        columns: Mapping[str, Any] | None = None,
    ) -> None:
        self._connection = connection
        self._lines, self._events = count(1), count(1)
        self._common: dict[str, Any] = {
            "id": 10**9 + next(_numbers),
            "operator_id": operator_id,
            "pattern": pattern,
        }
        self._execute(_ORDER, columns=json.dumps(dict(columns or {}), default=str))

    @property
    def id(self) -> int:
        """Its id."""
        number: int = self._common["id"]
        return number

    @property
    def operator_id(self) -> int:
        """Whose it is."""
        whose: int = self._common["operator_id"]
        return whose

    def continue_by(self, connection: Connection) -> None:
        """Go on in another transaction."""
        self._connection = connection

    def promise(self, deadline: datetime) -> None:
        """What it was first promised for."""
        self._execute(_PROMISE, deadline=deadline)

    def line(
        self,
        kind: str,
        deadline: datetime,
        reason: str,
        *,
        recorded_at: datetime | None = None,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        lifts: int | None = None,
    ) -> int:
        """A further line of its ledger; returns its number."""
        number = next(self._lines)
        times = {"recorded_at": recorded_at or deadline, "starts_at": starts_at, "ends_at": ends_at}
        self._execute(_LINE, kind=kind, deadline=deadline, reason=reason, number=number, lifts=lifts, **times)
        return number

    def event(
        self,
        kind: str,
        stage: str,
        at: datetime,
        *,
        reason: str | None = None,
        visit: tuple[datetime, datetime] | None = None,
    ) -> None:
        """An event of its history, with the visit that was agreed."""
        detail = {"appointment": [one.isoformat() for one in visit]} if visit else {}
        given = {"reason": reason, "detail": json.dumps(detail)}
        self._execute(_EVENT, kind=kind, stage=stage, at=at, number=next(self._events), **given)

    def _execute(self, statement: str, **given: Any) -> None:
        self._connection.execute(text(statement), self._common | given)
