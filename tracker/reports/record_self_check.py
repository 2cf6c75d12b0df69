"""Record what an operator found when it checked itself in a county."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.figures.rules import Period
from tracker.problems import Fault, Refusal
from tracker.reports.about import counties_of
from tracker.reports.author import Author
from tracker.reports.models import CountySelfCheck
from tracker.reports.rules import self_check_faults
from tracker.runtime import Runtime

_checks = CountySelfCheck.__table__


@dataclass(frozen=True)
class SelfCheck:
    """What is recorded: when, by which department, what was found and what is done about it."""

    checked_on: date
    checked_by: str
    findings: str
    measures: str


def record_self_check(
    runtime: Runtime, author: Author, period: Period, county: str, check: SelfCheck, *, seen: int
) -> None:
    """Add an entry of a county and half-year, which counts from then on; `seen` is the number of the entry
    that its author had before their eyes, 0 for none.

    A report that was built before holds what stood then. Raises Refusal: report.county_unknown,
    report.half_ahead, report.self_check_day, report.personal, report.self_check_stale.
    """
    words = {"checked_by": check.checked_by, "findings": check.findings, "measures": check.measures}
    with runtime.db.transaction() as connection:
        faults = self_check_faults(period, check.checked_on, clock.today(), words)
        if county not in counties_of(connection):
            faults.append(Fault("report.county_unknown", "/county"))
        if period.starts_on > clock.today():
            faults.append(Fault("report.half_ahead"))
        if faults:
            raise Refusal(*faults)
        key = {"operator_id": author.operator_id, "starts_on": period.starts_on, "county": county}
        latest = connection.scalar(
            select(func.coalesce(func.max(_checks.c.number), 0)).where(
                *(_checks.c[name] == value for name, value in key.items())
            )
        )
        entry = insert(_checks).values(
            **key,
            number=seen + 1,
            checked_on=check.checked_on,
            **words,
            actor=author.label,
            at=clock.now(),
        )
        # Two at once take the same number: the key decides which of them was first.
        stored = (
            latest == seen
            and connection.execute(
                entry.on_conflict_do_nothing().returning(_checks.c.number)
            ).scalar_one_or_none()
        )
        if not stored:
            raise Refusal(Fault("report.self_check_stale"))
