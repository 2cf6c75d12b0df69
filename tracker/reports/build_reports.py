"""Build the reports that were asked for. The row is the queue: safe to repeat, and to run twice at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Row, or_, select, text, update

from tracker import clock
from tracker.reports.about import Scope, scope_of
from tracker.reports.models import HalfYearReport
from tracker.reports.rules import CONTENT_VERSION, Event, canonical, digest_of, half_at
from tracker.reports.sections import content_of
from tracker.reports.shared import note
from tracker.runtime import Runtime

log = structlog.get_logger(__name__)

# Whoever builds says after each section that it goes on; one of ten million orders takes seconds.
_LEASE = timedelta(minutes=5)

_reports = HalfYearReport.__table__


def build_reports(runtime: Runtime, done: Callable[[int], None] = lambda _sections: None) -> int:
    """Build every report that waits, the longest waiting first; returns how many were built.

    `done` is told of each section's number. One that fails is marked so, and waits to be asked for again.
    """
    built = 0
    while (row := _claim(runtime)) is not None:
        try:
            content, scope = _content(runtime, row, done)
        except Exception as error:
            log.exception("report_build_failed", report=row.id, error=type(error).__name__)
            _end(runtime, row, Event.FAILED, build_failed_at=clock.now())
            continue
        columns = {
            "content": content,
            "content_version": CONTENT_VERSION,
            "digest": digest_of(content),
            "as_of": scope.now,
        }
        built += _end(runtime, row, Event.BUILT, **columns)
    return built


def _claim(runtime: Runtime) -> Row[Any] | None:
    now = clock.now()
    with runtime.db.transaction() as connection:
        row = connection.execute(
            select(_reports)
            .where(
                _reports.c.build_asked_at.is_not(None),
                or_(_reports.c.build_leased_until.is_(None), _reports.c.build_leased_until < now),
            )
            .order_by(_reports.c.build_asked_at, _reports.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if row is not None:
            _go_on(connection, row, 0)
    return row


def _content(runtime: Runtime, row: Row[Any], done: Callable[[int], None]) -> tuple[str, Scope]:
    """The content by one snapshot of the database, so that no two figures in it are of different moments."""
    period = half_at(row.starts_on)
    reference = runtime.reference.current()

    def tell(sections: int) -> None:
        with runtime.db.at_once() as other:
            _go_on(other, row, sections)
        done(sections)

    with runtime.db.engine.connect() as connection, connection.begin():
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        scope = scope_of(connection, reference, row.operator_id, period, clock.now())
        return canonical(content_of(connection, scope, tell)), scope


def _go_on(connection: Connection, row: Row[Any], sections: int) -> None:
    connection.execute(
        update(_reports)
        .where(_reports.c.id == row.id, _reports.c.build_asked_at == row.build_asked_at)
        .values(build_leased_until=clock.now() + _LEASE, sections_done=sections)
    )


def _end(runtime: Runtime, claimed: Row[Any], event: Event, **columns: Any) -> bool:
    """Store what came of a build, unless it was asked for anew meanwhile, or another has ended it."""
    with runtime.db.transaction() as connection:
        row = connection.execute(
            select(_reports)
            .where(_reports.c.id == claimed.id, _reports.c.build_asked_at == claimed.build_asked_at)
            .with_for_update()
        ).one_or_none()
        if row is None:
            return False
        ended = {"build_asked_at": None, "build_leased_until": None}
        note(connection, row, event, "system", clock.now(), **ended, **columns)
    return True
