"""Notices."""

import sys

import click

from tracker import clock
from tracker.cli.context import moment, running, say
from tracker.notices.stuck import stuck as find_stuck


@click.group()
def notices() -> None:
    """What customers are told."""


@notices.command("stuck")
@click.option("--operator", help="Code of one operator; else all.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, show_default=True)
def stuck(operator: str | None, limit: int) -> None:
    """List notices that have come to no end, longest first, each with its reason.

    Exit code 0 if there are none, 1 if there are.

    \b
    Columns: notice, order, queue, why, since, attempts, what was last said
    \b
    Example:
      tracker notices stuck --operator telecom
    """
    with running() as run:
        operators = {o.code: o.id for o in run.reference.current().operators.values()}
        if operator is not None and operator not in operators:
            raise click.ClickException(f"no operator has the code {operator}")
        with run.db.reading() as connection:
            found, more = find_stuck(
                connection,
                clock.now(),
                operator_id=operators[operator] if operator else None,
                limit=limit,
            )
    for one in found:
        columns = (one.notice, one.order or "-", one.queue, one.why, moment(one.since))
        click.echo("\t".join(str(value) for value in (*columns, one.attempts, one.detail or "")))
    say(f"{len(found)} stuck{', and more' if more else ''}")
    sys.exit(1 if found else 0)
