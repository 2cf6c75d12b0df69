"""Excuses that wait for a decision, where an operator has no second manager."""

import click
from sqlalchemy import select

from tracker.cli.approvals import decided, list_waiting
from tracker.cli.context import moment, running, say
from tracker.excuses.decide_excuse import decide_excuse
from tracker.excuses.models import ExcuseRequest
from tracker.excuses.queries import EXCUSES
from tracker.orders.actor import Actor

_ACTOR = "console:excuses"
_HEAD = ("id", "order", "reason", "from", "to", "evidence", "files", "asked by")


@click.group()
def excuses() -> None:
    """Delays of orders that are to be excused."""


@excuses.command("list")
@click.option("--operator", required=True, help="Code of the operator.")
def list_excuses(operator: str) -> None:
    """List what waits for a decision, the longest first.

    \b
    Example:
      tracker excuses list --operator telecom
    """
    list_waiting(
        EXCUSES,
        operator,
        _HEAD,
        lambda row: (
            str(row.id),
            row.number,
            row.reason_code,
            moment(row.starts_at),
            moment(row.ends_at),
            row.evidence or "",
            str(row.files),
            row.asked_by,
        ),
    )


@excuses.command("approve")
@click.argument("excuse", type=click.IntRange(1, 2**63 - 1))
@click.option("--words", help="For the history.")
def approve(excuse: int, words: str | None) -> None:
    """Approve the excuse with this id, of an operator that has no manager but the one who asked.

    The net figure leaves the delay out from then on. Exit code 1 where another manager can decide, or a
    rule stands against it.

    \b
    Example:
      tracker excuses approve 17 --words "letter seen"
    """
    _decide(excuse, words, approve=True)


@excuses.command("refuse")
@click.argument("excuse", type=click.IntRange(1, 2**63 - 1))
@click.option("--words", required=True, help="Why, for whoever asked.")
def refuse(excuse: int, words: str) -> None:
    """Refuse the excuse with this id; nothing changes of its order.

    \b
    Example:
      tracker excuses refuse 17 --words "the letter bears no seal"
    """
    _decide(excuse, words, approve=False)


def _decide(excuse: int, words: str | None, *, approve: bool) -> None:
    with running() as run:
        with run.db.reading() as connection:
            operator_id = connection.scalar(
                select(ExcuseRequest.operator_id).where(ExcuseRequest.id == excuse)
            )
        if operator_id is None:
            raise click.ClickException(f"there is no excuse {excuse}")
        actor = Actor(operator_id, _ACTOR)
        number = decided(lambda: decide_excuse(run, actor, excuse, approve=approve, words=words))
    say(f"{number}: {'excused' if approve else 'refused'}")
