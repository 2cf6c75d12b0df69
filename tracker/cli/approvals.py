"""What the commands have in common by which the console decides where no other manager can."""

from collections.abc import Callable, Sequence
from typing import Any

import click
from rich.table import Table
from sqlalchemy import Row

from tracker.cli.context import running, say, show_table
from tracker.orders.approvals import Requests
from tracker.problems import Refusal

_MOST = 200


def list_waiting(
    requests: Requests, operator: str, head: Sequence[str], cells: Callable[[Row[Any]], Sequence[str]]
) -> None:
    """Show what waits for a decision of an operator, the longest first. Raises ClickException."""
    with running() as run:
        operators = {one.code: one.id for one in run.reference.current().operators.values()}
        if operator not in operators:
            raise click.ClickException(f"no operator has the code {operator}")
        with run.db.reading() as connection:
            rows, more = requests.waiting(connection, operators[operator], _MOST)
    table = Table(*head)
    for row in rows:
        table.add_row(*cells(row))
    show_table(table)
    say(f"{len(rows)} waiting{', and more' if more else ''}")


def decided(decide: Callable[[], str]) -> str:
    """The number of the order that was decided on. Raises ClickException with what stands against it."""
    try:
        return decide()
    except Refusal as refusal:
        raise click.ClickException(refusal.faults[0].words("en")) from None
