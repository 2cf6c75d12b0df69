"""The working-day calendar."""

import getpass
import sys
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

import click
from marshmallow import ValidationError
from rich.table import Table

from tracker import clock
from tracker.cli.context import counting, running, say, show_table
from tracker.orders.recount_promises import count_waiting, recount_promises
from tracker.problems import Refusal, faults_in
from tracker.promises.announce_year import announce_year
from tracker.promises.change_calendar import Announced, Author
from tracker.promises.import_calendar import import_calendar
from tracker.promises.override_day import override_day, withdraw_override
from tracker.promises.queries import standing_overrides
from tracker.promises.read_calendar_file import read_calendar_file
from tracker.promises.schemas import OverrideRequestSchema
from tracker.reference import Reference
from tracker.runtime import Runtime

_DAYS_SHOWN = 12
_DAY = click.DateTime(["%Y-%m-%d"])


def _me() -> str:
    """Who sits at the console, as the history names them."""
    try:
        return f"console:{getpass.getuser()}"
    except (KeyError, OSError):
        return "console"


@click.group()
def calendar() -> None:
    """The working-day calendar (国务院办公厅节假日安排).

    \b
    Every November, once the next year is announced:
      tracker calendar refresh                         from a newer package
      tracker calendar refresh --file 2027.csv --year 2027 --source 国办发明电〔2026〕7号
    """


@calendar.command("import")
def import_() -> None:
    """Store the announced years that the installed package knows."""
    with running() as run:
        _tell(import_calendar(run.db, _me()))
        general = _general(run)
    say(f"announced to {general.last_announced_year}; promises past {general.certain_until} are provisional")


@calendar.command()
@click.option(
    "--file",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV of an announced year: day, working (休 or 班, rest or work), name, name_en.",
)
@click.option("--year", type=click.IntRange(2000, 2100), help="The year that the file announces.")
@click.option("--source", help="The notice that announces it, with its number.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def refresh(path: Path | None, year: int | None, source: str | None, lang: str) -> None:
    """Take in newly announced years, and count every provisional promise anew that they settle.

    Without a file, from the installed package. Each open provisional promise is recounted once, each
    change is written into its ledger, and each customer whose date changed gets one text. Repeating
    the command, or running it again after it was cut off, does what is left and nothing twice.

    \b
    Examples:
      tracker calendar refresh
      tracker calendar refresh --file 2027.csv --year 2027 --source 国办发明电〔2026〕7号
    """
    if path is not None and (year is None or not source):
        raise click.UsageError("--file needs --year and --source")
    with running() as run:
        try:
            if path is not None and year is not None and source:
                days = read_calendar_file(path, year)
                _tell(announce_year(run.db, year, days, Author(_me(), source[:120])))
            else:
                _tell(import_calendar(run.db, _me()))
        except Refusal as refusal:
            _refused(refusal, path, lang)
        with counting("promises", count_waiting(run)) as advance:
            done = recount_promises(run, advance)
    say(f"{done.orders} promises recounted, {done.changed} dates changed, {done.texts} texts planned")


@calendar.command()
@click.argument("day", type=_DAY)
@click.option("--rest/--work", "rest", required=True, help="A day off, or a working day.")
@click.option("--name", required=True, help="What it is, as customers read it.")
@click.option("--name-en", help="The same in English.")
@click.option("--source", required=True, help="The notice or order that says so, with its number.")
@click.option("--county", help="Code of one county; without it the day is set for all.")
@click.option("--operator", help="Code of one operator; without it the day is set for all.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def override(
    day: datetime,
    rest: bool,
    name: str,
    name_en: str | None,
    source: str,
    county: str | None,
    operator: str | None,
    lang: str,
) -> None:
    """Set one day otherwise than announced. Promises that were given before stay as they are.

    \b
    Examples:
      tracker calendar override 2026-08-24 --rest --name 盘王节 --county 441826 --source 连南府办〔2026〕5号
      tracker calendar override 2026-09-11 --rest --name 台风停工 --source 清三防〔2026〕9号
    """
    given = {
        "day": day.date().isoformat(),
        "working": not rest,
        "county_code": county,
        "name": name,
        "name_en": name_en,
        "source": source,
    }
    with running() as run:
        facts = run.reference.current()
        try:
            request = OverrideRequestSchema().load(given)
            override_id = override_day(
                run.db, request, _me(), operator_id=_operator(facts, operator), counties=facts.counties
            )
        except ValidationError as error:
            _refused(Refusal(*faults_in(error.messages)), None, lang)
        except Refusal as refusal:
            _refused(refusal, None, lang)
    click.echo(override_id)
    say(f"{day:%Y-%m-%d} is set; `tracker calendar withdraw {override_id}` takes it back")


@calendar.command()
@click.argument("override_id", type=int)
@click.option("--reason", required=True, help="Why it is taken back.")
@click.option("--operator", help="Code of the operator that it was set for.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def withdraw(override_id: int, reason: str, operator: str | None, lang: str) -> None:
    """Take an override back, so that the announced day stands again.

    \b
    Example:
      tracker calendar withdraw 12 --reason 通知撤回
    """
    with running() as run:
        operator_id = _operator(run.reference.current(), operator)
        try:
            day = withdraw_override(run.db, override_id, reason[:120], _me(), operator_id=operator_id)
        except Refusal as refusal:
            _refused(refusal, None, lang)
    say(f"{day} is as announced again")


@calendar.command()
@click.argument("year", type=int, required=False)
@click.option("--county", help="Code of a county.")
@click.option("--operator", help="Code of an operator.")
def show(year: int | None, county: str | None, operator: str | None) -> None:
    """Show what differs from Monday-to-Friday in a year, and the overrides that stand.

    \b
    Example:
      tracker calendar show 2026 --county 441826
    """
    with running() as run:
        facts = run.reference.current()
        if facts.calendars is None:
            raise click.ClickException("no calendar is imported: `tracker calendar import`")
        year = year or clock.today().year
        counted = facts.calendars.of(_operator(facts, operator) or 0, county or "")
        with run.db.reading() as connection:
            overrides = standing_overrides(connection)
    table = Table("day", "what", "name", title=f"{year}, certain until {counted.certain_until}")
    first, last = date(year, 1, 1), date(year, 12, 31)
    try:
        rest = [span for span in counted.rest_spans(first, last) if span.name]
        for start, end, name in sorted(
            [(span.first, span.last, span.name) for span in rest]
            + [(day, day, "调休上班") for day in counted.make_up_days(first, last)]
        ):
            days = f"{start:%a %m-%d}" + (f" to {end:%a %m-%d}" if end > start else "")
            table.add_row(days, "work" if name == "调休上班" else "rest", name)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    show_table(table)
    if overrides:
        show_table(_override_table(overrides, facts))


def _override_table(overrides: Iterable[dict[str, Any]], facts: Reference) -> Table:
    table = Table("id", "day", "what", "name", "county", "operator", "source", "set by", title="overrides")
    for one in overrides:
        table.add_row(
            str(one["id"]),
            f"{one['day']:%a %Y-%m-%d}",
            "work" if one["working"] else "rest",
            one["name"],
            facts.counties.get(one["county_code"], "all"),
            facts.operators[one["operator_id"]].code if one["operator_id"] else "all",
            one["source"],
            one["actor"],
        )
    return table


def _operator(facts: Reference, code: str | None) -> int | None:
    if code is None:
        return None
    for operator in facts.operators.values():
        if operator.code == code:
            return operator.id
    raise click.ClickException(f"no operator has the code {code}")


def _general(run: Runtime) -> Any:
    calendars = run.reference.current().calendars
    if calendars is None:
        raise AssertionError("an import leaves a calendar")
    return calendars.general()


def _tell(announced: Announced | None) -> None:
    """What an announcement changed."""
    if announced is None:
        say("the calendar is up to date")
        return
    if announced.years:
        years = [str(year) for year in announced.years]
        say(f"newly announced: {years[0] + ' to ' + years[-1] if len(years) > 1 else years[0]}")
    shown = ", ".join(day.isoformat() for day in announced.days[:_DAYS_SHOWN])
    more = len(announced.days) - _DAYS_SHOWN
    say(f"{len(announced.days)} days differ now: {shown}" + (f" and {more} more" if more > 0 else ""))


def _refused(refusal: Refusal, path: Path | None, lang: str) -> NoReturn:
    """Name each fault with its place and rule, and end."""
    for fault in refusal.faults:
        line, _, column = fault.pointer.strip("/").partition("/")
        if path is None:
            place = line or "calendar"
        else:
            place = path.name + (f", line {line}" if line else "") + (f", {column}" if column else "")
        click.echo(f"{place}: {fault.rule}: {fault.words(lang)}", err=True)
    sys.exit(1)
