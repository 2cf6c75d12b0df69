"""Ask for a report to be built: the first one of a half-year, the same anew, or a correction."""

from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.db import after_commit
from tracker.figures.rules import Period
from tracker.problems import Fault, Refusal
from tracker.queueing import FILES
from tracker.reports.author import Author
from tracker.reports.models import HalfYearReport
from tracker.reports.rules import Event, State
from tracker.reports.shared import locked, note, of_author, require, write_event
from tracker.runtime import Runtime

QUEUE = FILES
BUILD = "workers.jobs.build_reports"

_reports = HalfYearReport.__table__


def begin_report(runtime: Runtime, author: Author, period: Period) -> int:
    """Begin the report of a half-year and have it built by a worker; returns its id.

    One that was begun and not submitted yet is found and left as it is. Raises Refusal: report.half_ahead,
    report.submitted_already.
    """
    if period.starts_on > clock.today():
        raise Refusal(Fault("report.half_ahead"))
    with runtime.db.transaction() as connection:
        latest = _latest(connection, author, period)
        if latest is not None and latest.state == State.SUBMITTED:
            raise Refusal(Fault("report.submitted_already"))
        if latest is None:
            begun = _begin(runtime, connection, author, period, 1, None)
            if begun is not None:
                return begun
            # Somebody else begins it at this moment; whoever waited for their commit finds it.
            latest = _latest(connection, author, period)
        if latest is None:
            raise Refusal(Fault("report.stale"))
        found: int = latest.id
        return found


def correct_report(runtime: Runtime, author: Author, period: Period, reason: str) -> int:
    """Begin the next revision of what was submitted, and have it built; returns its id.

    What was submitted stays as it is, and readable. Raises Refusal: report.nothing_to_correct.
    """
    with runtime.db.transaction() as connection:
        latest = _latest(connection, author, period)
        if latest is None or latest.state != State.SUBMITTED:
            raise Refusal(Fault("report.nothing_to_correct"))
        begun = _begin(runtime, connection, author, period, latest.revision + 1, reason)
        if begun is None:
            raise Refusal(Fault("report.nothing_to_correct"))
        return begun


def build_anew(runtime: Runtime, author: Author, report_id: int, version: int) -> None:
    """Have a draft built anew from what figures say now.

    Raises Refusal: report.not_found, report.stale, report.state.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        row = locked(connection, author, report_id, version)
        require(Event.ASKED, row)
        note(
            connection,
            row,
            Event.ASKED,
            author.label,
            now,
            build_asked_at=now,
            build_asked_by=author.label,
            build_leased_until=None,
            build_failed_at=None,
            sections_done=0,
        )
        after_commit(lambda: _ring(runtime))


def _latest(connection: Connection, author: Author, period: Period) -> Row[Any] | None:
    wanted = (
        select(_reports.c.id, _reports.c.state, _reports.c.revision)
        .where(of_author(author), _reports.c.starts_on == period.starts_on)
        .order_by(_reports.c.revision.desc())
        .limit(1)
    )
    return connection.execute(wanted).one_or_none()


def _begin(
    runtime: Runtime,
    connection: Connection,
    author: Author,
    period: Period,
    revision: int,
    reason: str | None,
) -> int | None:
    """The id of a new revision, or None where another one was begun at the same moment."""
    now = clock.now()
    row = connection.execute(
        insert(_reports)
        .on_conflict_do_nothing()
        .values(
            operator_id=author.operator_id,
            starts_on=period.starts_on,
            revision=revision,
            correction_reason=reason,
            state=State.DRAFT,
            version=1,
            build_asked_at=now,
            build_asked_by=author.label,
            created_by=author.label,
            created_at=now,
        )
        .returning(_reports)
    ).one_or_none()
    if row is None:
        return None
    event = Event.BEGUN if reason is None else Event.CORRECTED
    write_event(connection, row, event, author.label, now, version=1, digest=None, words=reason)
    after_commit(lambda: _ring(runtime))
    found: int = row.id
    return found


def _ring(runtime: Runtime) -> None:
    runtime.bell.ring(QUEUE, BUILD)
