"""Reads of reports: which there are, one of them, and what was done about it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from tracker.reports.author import Author
from tracker.reports.models import CountySelfCheck, HalfYearReport, HalfYearReportEvent
from tracker.reports.rules import State
from tracker.reports.shared import of_author

_reports = HalfYearReport.__table__
_events = HalfYearReportEvent.__table__
_checks = CountySelfCheck.__table__
# A list needs no contents.
_WITHOUT_CONTENT = [column for column in _reports.columns if column.name != "content"]


def reports_of(connection: Connection, author: Author) -> Sequence[Row[Any]]:
    """All revisions of an operator's reports, or the city's, without their contents: the latest first."""
    return connection.execute(
        select(*_WITHOUT_CONTENT)
        .where(of_author(author))
        .order_by(_reports.c.starts_on.desc(), _reports.c.revision.desc())
    ).all()


def report_row(connection: Connection, author: Author, report_id: int) -> Row[Any] | None:
    """A report of the author's; None where there is no such."""
    return connection.execute(
        select(_reports).where(_reports.c.id == report_id, of_author(author))
    ).one_or_none()


def report_named(
    connection: Connection, author: Author, starts_on: date, revision: int | None = None
) -> Row[Any] | None:
    """A revision of a half-year's report, the latest where none is named."""
    wanted = (
        select(_reports)
        .where(of_author(author), _reports.c.starts_on == starts_on)
        .order_by(_reports.c.revision.desc())
        .limit(1)
    )
    if revision is not None:
        wanted = wanted.where(_reports.c.revision == revision)
    return connection.execute(wanted).one_or_none()


def is_submitted(connection: Connection, operator_id: int, starts_on: date) -> bool:
    """Whether an operator's report of the half-year that begins then was submitted."""
    submitted = exists().where(
        _reports.c.operator_id == operator_id,
        _reports.c.starts_on == starts_on,
        _reports.c.state == State.SUBMITTED,
    )
    return bool(connection.scalar(select(submitted)))


def submitted_reports(connection: Connection) -> Sequence[Row[Any]]:
    """What all operators have submitted, every revision, without the contents: the latest half first."""
    return connection.execute(
        select(*_WITHOUT_CONTENT)
        .where(_reports.c.state == State.SUBMITTED, _reports.c.operator_id.is_not(None))
        .order_by(_reports.c.starts_on.desc(), _reports.c.operator_id, _reports.c.revision.desc())
    ).all()


def submitted_report(connection: Connection, report_id: int) -> Row[Any] | None:
    """A report of any operator, where it was submitted."""
    return connection.execute(
        select(_reports).where(
            _reports.c.id == report_id,
            _reports.c.state == State.SUBMITTED,
            _reports.c.operator_id.is_not(None),
        )
    ).one_or_none()


def events_of(connection: Connection, report_id: int) -> Sequence[Row[Any]]:
    """All that was done about a report, the latest first."""
    return connection.execute(
        select(_events).where(_events.c.report_id == report_id).order_by(_events.c.version.desc())
    ).all()


def self_check_entries(
    connection: Connection, operator_id: int, starts_on: date, county: str
) -> Sequence[Row[Any]]:
    """Every entry of a county's self-check, the latest first."""
    return connection.execute(
        select(_checks)
        .where(
            _checks.c.operator_id == operator_id,
            _checks.c.starts_on == starts_on,
            _checks.c.county == county,
        )
        .order_by(_checks.c.number.desc())
    ).all()
