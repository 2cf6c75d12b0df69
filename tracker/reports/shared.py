"""What every change of a report does: lock it, look whether it is as it was seen, note what was done."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from tracker.problems import Fault, Refusal
from tracker.reports.author import Author
from tracker.reports.models import HalfYearReport, HalfYearReportEvent
from tracker.reports.rules import MOVES, Event, move_faults

_reports = HalfYearReport.__table__
LONGEST_WORDS = 500


def of_author(author: Author) -> Any:
    """The condition that a report is the author's operator's, or the city's."""
    return _reports.c.operator_id.is_not_distinct_from(author.operator_id)


def locked(connection: Connection, author: Author, report_id: int, version: int) -> Row[Any]:
    """The report, locked until the commit. Raises Refusal: report.not_found, report.stale."""
    wanted = select(_reports).where(_reports.c.id == report_id, of_author(author)).with_for_update()
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise Refusal(Fault("report.not_found"))
    if row.version != version:
        raise Refusal(Fault("report.stale"))
    return row


def require(event: Event, row: Row[Any]) -> None:
    """Raises Refusal, report.state, where that cannot be done to a report in this state."""
    if faults := move_faults(event, row.state):
        raise Refusal(*faults)


def note(
    connection: Connection,
    row: Row[Any],
    event: Event,
    actor: str,
    at: datetime,
    *,
    words: str | None = None,
    **columns: Any,
) -> None:
    """Change a report by an event, and write the event down; `columns` are what else changes."""
    state = MOVES[event][1] if event in MOVES else row.state
    changed = connection.execute(
        update(_reports)
        .where(_reports.c.id == row.id)
        .values(state=state, version=row.version + 1, **columns)
        .returning(_reports.c.version, _reports.c.digest)
    ).one()
    write_event(
        connection, row, event, actor, at, words=words, version=changed.version, digest=changed.digest
    )


def write_event(
    connection: Connection,
    row: Row[Any],
    event: Event,
    actor: str,
    at: datetime,
    *,
    version: int,
    digest: str | None,
    words: str | None = None,
) -> None:
    """Write down what was done."""
    connection.execute(
        insert(HalfYearReportEvent).values(
            operator_id=row.operator_id,
            report_id=row.id,
            version=version,
            kind=event,
            words=words,
            digest=digest,
            actor=actor,
            at=at,
        )
    )
