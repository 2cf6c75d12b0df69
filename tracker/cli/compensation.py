"""The compensation ledger at the console."""

from contextlib import ExitStack
from datetime import date, datetime

import click
from rich.table import Table

from tracker import clock
from tracker.cli.context import counting, running, say, show_table
from tracker.compensation.keep_ledger import catch_up, keep_ledger
from tracker.compensation.queries import compensation_totals
from tracker.compensation.running import running as running_orders
from tracker.compensation.running import total_of
from tracker.figures.keep_cells import keep_cells
from tracker.figures.on_time import Stretch

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_BEGINNING, _END = date(2000, 1, 1), date(2999, 12, 31)


@click.group()
def compensation() -> None:
    """What customers are owed whose lines were connected late (1 % of the fee charged for each day)."""


@compensation.command("totals")
@click.option("--first", type=_DAY, help="First day of connection; all where left out.")
@click.option("--last", type=_DAY, help="Last day of connection.")
def totals(first: datetime | None, last: datetime | None) -> None:
    """Tell what each operator owes and paid, and what runs up with orders that are late and open.

    \b
    Example:
      tracker compensation totals --first 2026-07-01 --last 2026-12-31
    """
    days = Stretch(_BEGINNING if first is None else first.date(), _END if last is None else last.date())
    table = Table("operator", "orders", "of them 0", "days", "amount", "paid", "owed", "overpaid", "running")
    with running() as run:
        for operator in sorted(run.reference.current().operators.values(), key=lambda one: one.id):
            with run.db.reading() as connection:
                found = compensation_totals(connection, operator.id, days)
                going = total_of(running_orders(connection, operator.id, clock.now()))
            money = (found.amount_fen, found.paid_fen, found.owed_fen, found.overpaid_fen, going.amount_fen)
            counts = (found.orders, found.free, found.days)
            table.add_row(operator.code, *map(str, counts), *(f"{fen / 100:.2f}" for fen in money))
    show_table(table)


@compensation.command("keep")
def keep() -> None:
    """Do now what a worker does every minute: fix what is new, correct what changed. Customers are told.

    \b
    Example:
      tracker compensation keep
    """
    with running() as run:
        written = keep_ledger(run)
    say(f"{written} lines written")


@compensation.command("catch-up")
@click.option("--since", type=_DAY, required=True, help="First day of connection.")
def take_in(since: datetime) -> None:
    """Take in orders that were connected late before there was a ledger; nobody is told.

    Whatever ends it, the next run goes on.

    \b
    Example:
      tracker compensation catch-up --since 2026-01-01
    """
    with running() as run, ExitStack() as bar:
        keep_cells(run.db)
        advance = bar.enter_context(counting("orders", None))
        written = catch_up(run, since.date(), advance)
        bar.close()
    say(f"{written} lines written")
