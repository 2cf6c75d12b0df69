"""Promise rules and ledgers."""

import sys
from datetime import datetime

import click
from rich.table import Table
from sqlalchemy import func, select

from tracker.cli.context import counting, moment, running, say, show_table
from tracker.orders.models import Order
from tracker.orders.verify_promises import verify_promises
from tracker.promises.queries import rule_rows


@click.group()
def promises() -> None:
    """Promised deadlines: the rules they follow, and whether the ledgers add up."""


@promises.command()
@click.option("--operator", required=True, help="Code of the operator.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Only those in force on this day.")
def rules(operator: str, on: datetime | None) -> None:
    """List an operator's rules, the most general first.

    \b
    Example:
      tracker promises rules --operator telecom --on 2026-12-01
    """
    with running() as run:
        operators = {o.code: o.id for o in run.reference.current().operators.values()}
        if operator not in operators:
            raise click.ClickException(f"no operator has the code {operator}")
        with run.db.reading() as connection:
            rows = rule_rows(connection, operators[operator], in_force_on=on.date() if on else None)
    table = Table(
        "id", "customer", "product", "area", "resource", "limit", "until", "late is next day", "in force"
    )
    for row in rows:
        ends = f"{row['end_of_day']:%H:%M}" if row["end_of_day"] else "24:00"
        late = f"after {row['cut_off']:%H:%M}" if row["cut_off"] else "on rest days"
        table.add_row(
            str(row["id"]),
            row["customer_kind"],
            row["product"],
            row["area"],
            row["resource"],
            f"{row['amount']} {row['unit'].replace('_', ' ')}",
            "" if row["unit"] == "hours" else ends,
            late if row["late_counts_as_next_day"] else "",
            f"{row['valid_from']} to {row['valid_to'] or '…'}",
        )
    show_table(table)


@promises.command()
def verify() -> None:
    """Replay every ledger and compare with what was promised. Reads only.

    Exit code 1 if a stored deadline does not follow from its ledger.

    \b
    Example:
      tracker promises verify
    """
    with running() as run:
        with run.db.reading() as connection:
            total = connection.scalar(select(func.count()).select_from(Order)) or 0
        with counting("ledgers", total) as advance:
            count, differences = verify_promises(run, advance)
    for one in differences:
        click.echo(
            f"{one.order}: entry {one.entry}: stored {moment(one.stored)}, replayed {moment(one.replayed)}"
        )
    say(f"{count} orders replayed, {len(differences)} deadlines differ")
    sys.exit(1 if differences else 0)
