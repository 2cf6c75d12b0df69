"""Announced tariff changes."""

from datetime import date, datetime
from pathlib import Path

import click
from rich.table import Table

from tracker import clock
from tracker.cli.context import counting, running, say, show_table
from tracker.runtime import Runtime
from tracker.tariff_changes.coverage import Coverage, coverage
from tracker.tariff_changes.export import csv_lines
from tracker.tariff_changes.queries import changes_of, overridden_between, unannounced_ends
from tracker.tariff_changes.read_change import Change, read_change
from tracker.tariff_changes.rules import Told
from tracker.tariff_changes.upkeep import keep_change

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def tariffs() -> None:
    """Changes of tariffs (资费变动): announced, told, proved."""


@tariffs.command()
@click.option("--operator", required=True, help="Code of the operator.")
def changes(operator: str) -> None:
    """List an operator's announced changes, and agreed prices that end unannounced.

    \b
    Example:
      tracker tariffs changes --operator telecom
    """
    with running() as run:
        operator_id = _operator(run, operator)
        with run.db.reading() as connection:
            rows, _ = changes_of(connection, operator_id, limit=200)
            ends = unannounced_ends(connection, operator_id, clock.today())
    table = Table("id", "kind", "plan", "region", "effective", "latest notice", "state")
    for row in rows:
        table.add_row(
            str(row.id),
            row.kind,
            row.filing_number,
            row.region,
            str(row.effective_on),
            str(row.latest_notice_on),
            row.state,
        )
    show_table(table)
    for end in ends:
        say(
            f"{end.filing_number}: {end.subscribers} agreed prices end from {end.first} through {end.last}"
            f" and are not announced; the first must be told by {end.announce_by}"
        )


@tariffs.command()
@click.argument("change", type=int)
def warn(change: int) -> None:
    """Do now what workers do every ten minutes: write warnings, or undo those of a withdrawn change.

    \b
    Example:
      tracker tariffs warn 12
    """
    with running() as run:
        _change(run, change)
        say(f"{keep_change(run, change)} texts are new")


@tariffs.command("coverage")
@click.argument("change", type=int)
@click.option("--csv", "path", type=click.Path(path_type=Path, dir_okay=False), help="Write the proofs here.")
@click.option("--told", type=click.Choice([told.value for told in Told]), help="Only those who stand so.")
def coverage_(change: int, path: Path | None, told: str | None) -> None:
    """Count who was told of a change, in time, late or not; with --csv write a line for each.

    \b
    Examples:
      tracker tariffs coverage 12
      tracker tariffs coverage 12 --csv proofs.csv
      tracker tariffs coverage 12 --csv late.csv --told late
    """
    with running() as run:
        found = _change(run, change)
        with run.db.reading() as connection:
            counted = coverage(connection, found, clock.now())
        _show(counted)
        if path is not None:
            _write(run, found, path, Told(told) if told else None, counted)


@tariffs.command()
@click.option("--operator", required=True, help="Code of the operator.")
@click.option("--from", "first", type=_DAY, required=True, help="First day of announcement.")
@click.option("--to", "last", type=_DAY, required=True, help="Last day of announcement.")
def overrides(operator: str, first: datetime, last: datetime) -> None:
    """List changes that a manager announced with less than a month's notice, for the half-yearly report.

    \b
    Example:
      tracker tariffs overrides --operator telecom --from 2026-07-01 --to 2026-12-31
    """
    with running() as run:
        operator_id = _operator(run, operator)
        with run.db.reading() as connection:
            rows = overridden_between(connection, operator_id, _date(first), _date(last))
    table = Table("id", "plan", "announced", "effective", "manager", "reason")
    for row in rows:
        announced = str(clock.local_date(row.announced_at))
        table.add_row(
            str(row.id),
            row.filing_number,
            announced,
            str(row.effective_on),
            row.override_by,
            row.override_reason,
        )
    show_table(table)


def _date(day: datetime) -> date:
    return day.date()


def _operator(run: Runtime, code: str) -> int:
    for found in run.reference.current().operators.values():
        if found.code == code:
            return found.id
    raise click.ClickException(f"no operator has the code {code}")


def _change(run: Runtime, change_id: int) -> Change:
    with run.db.reading() as connection:
        found = read_change(connection, change_id)
    if found is None:
        raise click.ClickException(f"there is no change {change_id}")
    return found


def _show(counted: Coverage) -> None:
    table = Table("", "subscribers")
    for words, count in (
        ("told on time", counted.on_time),
        ("told late", counted.late),
        ("waiting", counted.waiting),
        ("not reached", counted.not_reached),
        ("no warning yet", counted.unwarned),
        ("to be called", counted.to_call),
    ):
        table.add_row(words, f"{count:,}")
    show_table(table)


def _write(run: Runtime, change: Change, path: Path, told: Told | None, counted: Coverage) -> None:
    total = counted.subscribers if told is None else getattr(counted, told.value)
    # The byte order mark stands in the lines.
    with path.open("w", encoding="utf-8", newline="") as file, counting(path.name, total + 1) as advance:
        for line in csv_lines(run.db, change, clock.now(), told):
            file.write(line)
            advance(1)
    say(f"{total:,} lines in {path}")
