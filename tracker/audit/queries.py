"""Reads of the audit trail, for those who look after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, tuple_

from tracker.audit.models import AuditEntry

_entries = AuditEntry.__table__


@dataclass(frozen=True)
class Wanted:
    """What the trail is narrowed to; None leaves it open.

    `operator_id`: this operator's entries alone; None for everybody's, for somebody who may see them.
    `between`: from an instant on and before another.
    """

    operator_id: int | None
    actors: Sequence[str] | None = None
    subject: str | None = None
    action: str | None = None
    between: tuple[datetime, datetime] | None = None


def entry_page(
    connection: Connection, wanted: Wanted, *, limit: int, before_id: int | None
) -> tuple[Sequence[Row[Any]], int | None]:
    """Entries older than that of an id, the latest first; and the id to go on from, None at the end."""
    rows = connection.execute(_narrowed(wanted, before_id).limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def _narrowed(wanted: Wanted, before_id: int | None) -> Select[Any]:
    found = select(_entries)
    if wanted.operator_id is not None:
        found = found.where(_entries.c.operator_id == wanted.operator_id)
    if wanted.actors is not None:
        found = found.where(_entries.c.actor.in_(wanted.actors))
    if wanted.subject is not None:
        found = found.where(_entries.c.subject == wanted.subject)
    if wanted.action is not None:
        found = found.where(_entries.c.action == wanted.action)
    if wanted.between is None:
        found = found.order_by(_entries.c.id.desc())
        return found if before_id is None else found.where(_entries.c.id < before_id)
    # By time: in the order of ids everything later would be read before an old day is come to.
    begin, end = wanted.between
    found = found.where(_entries.c.at >= begin, _entries.c.at < end)
    found = found.order_by(_entries.c.at.desc(), _entries.c.id.desc())
    if before_id is None:
        return found
    at = select(_entries.c.at).where(_entries.c.id == before_id).correlate(None).scalar_subquery()
    return found.where(tuple_(_entries.c.at, _entries.c.id) < tuple_(at, before_id))
