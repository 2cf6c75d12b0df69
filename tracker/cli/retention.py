"""Forgetting personal data whose time is over."""

from contextlib import ExitStack

import click
from rich.table import Table

from tracker import clock
from tracker.cli.context import counting, running, say, show_table
from tracker.retention.due import Due, count_due
from tracker.retention.files import remover
from tracker.retention.forget import forget
from tracker.retention.rules import SLOTS_KEPT, Keeps, ended_before
from tracker.runtime import Runtime

_KEPT_BY = {
    Keeps.SUBSCRIPTION: "the service goes on, or ended not long ago",
    Keeps.COMPLAINT: "a complaint is open",
    Keeps.TEXT: "a text has come to no end (tracker notices stuck)",
}


@click.group()
def retention() -> None:
    """Personal data, which is kept for TRACKER_RETENTION_YEARS after the end and then forgotten."""


@retention.command()
def preview() -> None:
    """Count what would be forgotten now, and what keeps the rest; changes nothing.

    \b
    Example:
      tracker retention preview
    """
    with running() as run:
        found = _count(run)
    table = Table("what", "number")
    for what, number in vars(found).items():
        if what != "kept":
            table.add_row(what, str(number))
    for why, number in found.kept.items():
        table.add_row(f"orders kept: {_KEPT_BY[why]}", str(number))
    show_table(table)


@retention.command("run")
def run_all() -> None:
    """Do now what a worker does at night, and all of it.

    Orders that ended long enough ago lose name, phone, address, credit code and every text about them;
    stages, days, fees and figures stay. Texts to staff of as long ago lose phone and words. Whatever ends it,
    the next run goes on. Nothing brings back what was forgotten.

    \b
    Example:
      tracker retention run
    """
    with running() as run, ExitStack() as bar:
        found = _count(run)
        total = found.orders + found.subscribers + found.complaints + found.staff_texts + found.slots
        advance = bar.enter_context(counting("forgotten", total))
        done = forget(run.db, run.config.retention_years, remover(run), done=advance)
        bar.close()
    say(
        f"{done.orders} orders, {done.subscribers} further subscriptions and {done.complaints} further"
        f" complaints were anonymised, {done.staff_texts} texts to staff emptied, {done.photos} photos,"
        f" {done.evidence} files of evidence and {done.slots} slots deleted"
    )


def _count(run: Runtime) -> Due:
    now = clock.now()
    with run.db.reading() as connection:
        return count_due(connection, ended_before(now, run.config.retention_years), now - SLOTS_KEPT)
