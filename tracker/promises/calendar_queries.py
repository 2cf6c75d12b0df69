"""The calendar's days and changes, for people to read."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from tracker.promises.models import CalendarChange, CalendarDay


def _concerns(operator_id: int | None, column: Any) -> ColumnElement[bool]:
    """What concerns an operator: what is of all, and its own; for None what is of all."""
    of_all: ColumnElement[bool] = column.is_(None)
    return of_all if operator_id is None else or_(of_all, column == operator_id)


def latest_change(connection: Connection, operator_id: int | None) -> int:
    """The last revision that concerns the operator; 0 for none."""
    found: int | None = connection.scalar(
        select(func.max(CalendarChange.revision)).where(_concerns(operator_id, CalendarChange.operator_id))
    )
    return found or 0


def standing_days(connection: Connection, operator_id: int | None, first: date, last: date) -> list[Row[Any]]:
    """The days of a stretch that differ from Monday-to-Friday, as they stand: announced ones and overrides
    that concern the operator, with who brought them in and when.
    """
    return list(
        connection.execute(
            select(CalendarDay.__table__, CalendarChange.actor, CalendarChange.at)
            .join(CalendarChange, CalendarChange.revision == CalendarDay.since_revision)
            .where(
                CalendarDay.day.between(first, last),
                CalendarDay.until_revision.is_(None),
                _concerns(operator_id, CalendarDay.operator_id),
            )
            .order_by(CalendarDay.day, CalendarDay.override, CalendarDay.id)
        ).all()
    )


def calendar_changes(
    connection: Connection,
    operator_id: int | None,
    *,
    after: int = 0,
    before: int | None = None,
    limit: int = 20,
) -> list[tuple[Row[Any], list[Row[Any]]]]:
    """Changes that concern the operator, the newest first, each with the days that it set or ended."""
    wanted = (
        select(CalendarChange.__table__)
        .where(_concerns(operator_id, CalendarChange.operator_id), CalendarChange.revision > after)
        .order_by(CalendarChange.revision.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(CalendarChange.revision < before)
    changes = connection.execute(wanted).all()
    days = _days_of(connection, operator_id, [change.revision for change in changes])
    return [(change, days.get(change.revision, [])) for change in changes]


def _days_of(
    connection: Connection, operator_id: int | None, revisions: Sequence[int]
) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    rows = connection.execute(
        select(CalendarDay.__table__)
        .where(
            or_(CalendarDay.since_revision.in_(revisions), CalendarDay.until_revision.in_(revisions)),
            _concerns(operator_id, CalendarDay.operator_id),
        )
        .order_by(CalendarDay.day, CalendarDay.id)
    )
    wanted = set(revisions)
    for row in rows:
        # One that took the place of another is told of by the change that set it.
        if row.since_revision in wanted:
            found.setdefault(row.since_revision, []).append(row)
        if row.until_revision in wanted and row.override:
            found.setdefault(row.until_revision, []).append(row)
    return found
