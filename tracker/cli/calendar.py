"""The working-day calendar."""

import click

from tracker.cli.context import running, say
from tracker.promises.import_calendar import import_calendar


@click.group()
def calendar() -> None:
    """The working-day calendar (国务院办公厅节假日安排)."""


@calendar.command("import")
def import_() -> None:
    """Store the announced years that the installed package knows."""
    with running() as run:
        years = import_calendar(run.db)
    say(f"announced years {years[0]} to {years[-1]} stored; what lies past them is provisional")
