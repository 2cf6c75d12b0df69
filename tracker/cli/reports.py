"""Half-year reports at the console; also the review, where nobody else could do it."""

from pathlib import Path
from typing import Any

import click
from rich.table import Table
from sqlalchemy import exists, select

from tracker.cli.context import counting, moment, running, say, show_table
from tracker.figures.rules import Period
from tracker.problems import Refusal
from tracker.reports.ask_build import begin_report, build_anew
from tracker.reports.author import Author
from tracker.reports.build_reports import build_reports
from tracker.reports.pdf import pdf_of
from tracker.reports.queries import report_named, reports_of
from tracker.reports.review_report import offer_report, review_report, submit_report
from tracker.reports.rules import State, half_at, half_code, half_named
from tracker.reports.sections import SECTIONS
from tracker.reports.stored import stored
from tracker.reports.workbook import workbook_of
from tracker.runtime import Runtime
from tracker.staff.models import Account

_ACTOR = "console:reports"
_CITY = "city"
_operator = click.option("--operator", required=True, help="Code of the operator, or city for all of them.")
_half = click.option("--half", required=True, metavar="2026H1", help="The half-year.")


@click.group()
def report() -> None:
    """Half-year reports (半年报告): build, review, submit, and take along as files."""


@report.command("list")
@_operator
def list_reports(operator: str) -> None:
    """List all revisions, the latest first.

    \b
    Example:
      tracker report list --operator telecom
    """
    with running() as run:
        author = _author(run, operator)
        with run.db.reading() as connection:
            rows = reports_of(connection, author)
    table = Table("half", "revision", "state", "as of", "submitted", "sha-256")
    for row in rows:
        half = half_code(half_at(row.starts_on))
        table.add_row(
            half,
            str(row.revision),
            row.state,
            moment(row.as_of),
            moment(row.submitted_at),
            row.digest or "",
        )
    show_table(table)
    say(f"{len(rows)} reports")


@report.command()
@_operator
@_half
def build(operator: str, half: str) -> None:
    """Build the report of a half-year from what figures say now; a draft is built anew.

    \b
    Examples:
      tracker report build --operator telecom --half 2026H1
      tracker report build --operator city --half 2026H1
    """
    with running() as run:
        author, period = _author(run, operator), _period(half)
        try:
            report_id = begin_report(run, author, period)
            row = _row(run, author, period)
            if row.build_asked_at is None:
                build_anew(run, author, report_id, row.version)
        except Refusal as refusal:
            raise _failed(refusal) from None
        with counting("sections", len(SECTIONS)) as advance:
            build_reports(run, done=lambda _section: advance(1))
        row = _row(run, author, period)
    if row.build_failed_at is not None or row.content is None:
        raise click.ClickException("building it failed: the log tells why")
    say(f"{half} revision {row.revision}: built, {row.digest}")


@report.command()
@_operator
@_half
@click.option("--remarks", help="Of the review, for the history.")
def submit(operator: str, half: str, remarks: str | None) -> None:
    """Submit a report, which freezes it.

    One that another person has approved is submitted as it is. One that waits for its review is approved by
    this command where whoever offered it has no colleague who could; a draft is not touched. Exit code 1
    where something stands against it.

    \b
    Examples:
      tracker report submit --operator telecom --half 2026H1
      tracker report submit --operator city --half 2026H1 --remarks "checked against the operators' reports"
    """
    with running() as run:
        author, period = _author(run, operator), _period(half)
        row = _row(run, author, period)
        try:
            # In one: where it cannot be submitted, it is not approved either.
            with run.db.transaction():
                if row.state == State.OFFERED:
                    _require_nobody_else(run, row)
                    review_report(run, author, row.id, row.version, approve=True, remarks=remarks)
                    row = _row(run, author, period)
                submit_report(run, author, row.id, row.version)
        except Refusal as refusal:
            raise _failed(refusal) from None
    say(f"{half} revision {row.revision}: submitted, {row.digest}")


@report.command()
@_operator
@_half
@click.option("--revision", type=int, help="Which one; the latest unless it is named.")
@click.option(
    "--format", "kind", type=click.Choice(["pdf", "xlsx", "json"]), default="pdf", show_default=True
)
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option(
    "--to", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write."
)
def export(operator: str, half: str, revision: int | None, kind: str, language: str, to: Path) -> None:
    """Write a report to a file. Of JSON, `sha256sum` tells the digest that the report bears.

    \b
    Examples:
      tracker report export --operator telecom --half 2026H1 --to report.pdf
      tracker report export --operator telecom --half 2026H1 --revision 1 --format json --to report.json
    """
    with running() as run:
        row = _row(run, _author(run, operator), _period(half), revision)
    if row.content is None:
        raise click.ClickException("the report is not built yet")
    try:
        if kind == "pdf":
            made = pdf_of(row, language)
        elif kind == "xlsx":
            made = workbook_of(row, language)
        else:
            stored(row)
            made = row.content.encode()
    except Refusal as refusal:
        raise _failed(refusal) from None
    to.write_bytes(made)
    say(f"{to}: revision {row.revision}, {len(made)} bytes")


@report.command()
@_operator
@_half
def offer(operator: str, half: str) -> None:
    """Offer a draft for review, where its operator has nobody but a reviewer.

    \b
    Example:
      tracker report offer --operator telecom --half 2026H1
    """
    with running() as run:
        author, period = _author(run, operator), _period(half)
        row = _row(run, author, period)
        try:
            offer_report(run, author, row.id, row.version)
        except Refusal as refusal:
            raise _failed(refusal) from None
    say(f"{half} revision {row.revision}: offered")


def _require_nobody_else(run: Runtime, row: Any) -> None:
    """Raises ClickException where a colleague of whoever offered it can review it."""
    role = "regulator" if row.operator_id is None else "manager"
    with run.db.reading() as connection:
        other = connection.scalar(
            select(
                exists().where(
                    Account.operator_id.is_not_distinct_from(row.operator_id),
                    Account.role == role,
                    Account.disabled_at.is_(None),
                    "staff:" + Account.username != row.offered_by,
                )
            )
        )
    if other:
        raise click.ClickException("somebody else can review it: on the page 半年报告")


def _author(run: Runtime, operator: str) -> Author:
    if operator == _CITY:
        return Author(None, _ACTOR)
    operators = {one.code: one.id for one in run.reference.current().operators.values()}
    if operator not in operators:
        raise click.ClickException(f"no operator has the code {operator}")
    return Author(operators[operator], _ACTOR)


def _period(half: str) -> Period:
    period = half_named(half)
    if period is None:
        raise click.ClickException(f"{half} is no half-year: write 2026H1")
    return period


def _row(run: Runtime, author: Author, period: Period, revision: int | None = None) -> Any:
    with run.db.reading() as connection:
        row = report_named(connection, author, period.starts_on, revision)
    if row is None:
        raise click.ClickException("there is no such report")
    return row


def _failed(refusal: Refusal) -> click.ClickException:
    return click.ClickException(refusal.faults[0].words("en"))
