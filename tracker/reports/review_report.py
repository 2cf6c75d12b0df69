"""The review of a report: offered by one manager, approved or sent back by another; then it is submitted."""

from tracker import clock
from tracker.problems import Refusal
from tracker.reports.author import Author
from tracker.reports.rules import Event, half_at, offer_faults, review_faults, submit_faults
from tracker.reports.shared import LONGEST_WORDS, locked, note, require
from tracker.reports.stored import stored
from tracker.runtime import Runtime


def offer_report(runtime: Runtime, author: Author, report_id: int, version: int) -> None:
    """Offer a draft for review (送审).

    Raises Refusal: report.not_found, report.stale, report.state, report.not_built, report.self_checks,
    report.altered.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        row = locked(connection, author, report_id, version)
        require(Event.OFFERED, row)
        content = None if row.content is None else stored(row)
        if faults := offer_faults(content, is_building=row.build_asked_at is not None):
            raise Refusal(*faults)
        columns = {"offered_by": author.label, "offered_at": now, "reviewed_by": None, "reviewed_at": None}
        note(connection, row, Event.OFFERED, author.label, now, **columns)


def review_report(
    runtime: Runtime, author: Author, report_id: int, version: int, *, approve: bool, remarks: str | None
) -> None:
    """Approve what somebody else has offered, or send it back to be a draft again, with remarks.

    Whoever offered it may take it back so. Raises Refusal: report.not_found, report.stale, report.state,
    report.own_review, report.remarks_required, report.altered.
    """
    now = clock.now()
    event = Event.APPROVED if approve else Event.RETURNED
    with runtime.db.transaction() as connection:
        row = locked(connection, author, report_id, version)
        require(event, row)
        said = (remarks or "").strip()[:LONGEST_WORDS] or None
        if faults := review_faults(row.offered_by, author.label, said, approves=approve):
            raise Refusal(*faults)
        if approve:
            stored(row)
        note(
            connection,
            row,
            event,
            author.label,
            now,
            words=said,
            reviewed_by=author.label if approve else None,
            reviewed_at=now if approve else None,
        )


def submit_report(runtime: Runtime, author: Author, report_id: int, version: int) -> None:
    """Submit what was approved (报送): from then on it is frozen.

    Raises Refusal: report.not_found, report.stale, report.state, report.not_settled, report.built_too_early,
    report.altered.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        row = locked(connection, author, report_id, version)
        require(Event.SUBMITTED, row)
        if faults := submit_faults(half_at(row.starts_on), row.as_of, now):
            raise Refusal(*faults)
        stored(row)
        columns = {"submitted_by": author.label, "submitted_at": now}
        note(connection, row, Event.SUBMITTED, author.label, now, **columns)
