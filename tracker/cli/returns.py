"""Returns that wait for a decision, where an operator has no second manager."""

import click
from rich.table import Table
from sqlalchemy import exists, select

from tracker.cli.context import running, say, show_table
from tracker.orders import numbers
from tracker.orders.actor import Actor
from tracker.orders.decide_return import decide_return
from tracker.orders.models import Order
from tracker.orders.return_models import ReturnRequest
from tracker.orders.return_queries import open_returns
from tracker.orders.return_rules import State
from tracker.problems import Refusal
from tracker.runtime import Runtime
from tracker.staff.models import Account

_ACTOR = "console:returns"
_MOST = 200


@click.group()
def returns() -> None:
    """Returns of orders that were asked for."""


@returns.command("list")
@click.option("--operator", required=True, help="Code of the operator.")
def list_open(operator: str) -> None:
    """List what waits for a decision, the longest first.

    \b
    Example:
      tracker returns list --operator telecom
    """
    with running() as run:
        operators = {one.code: one.id for one in run.reference.current().operators.values()}
        if operator not in operators:
            raise click.ClickException(f"no operator has the code {operator}")
        with run.db.reading() as connection:
            rows, more = open_returns(connection, operators[operator], _MOST)
    table = Table("order", "stage", "reason", "words", "asked by", "since (UTC)")
    for row in rows:
        since = f"{row.asked_at:%Y-%m-%dT%H:%M:%SZ}"
        table.add_row(
            row.number, row.order_stage, row.reason_code, row.reason_text or "", row.asked_by, since
        )
    show_table(table)
    say(f"{len(rows)} waiting{', and more' if more else ''}")


@returns.command("approve")
@click.argument("number")
@click.option("--words", help="For the history.")
def approve(number: str, words: str | None) -> None:
    """Return an order whose operator has no manager but the one who asked.

    Exit code 1 where another manager can decide, or a rule stands against it.

    \b
    Example:
      tracker returns approve QY261124K7M4QZD --words "confirmed by phone"
    """
    _decide(number, words, approve=True)


@returns.command("refuse")
@click.argument("number")
@click.option("--words", required=True, help="Why, for whoever asked.")
def refuse(number: str, words: str) -> None:
    """Let an order go on whose return was asked for by its operator's only manager.

    \b
    Example:
      tracker returns refuse QY261124K7M4QZD --words "survey first"
    """
    _decide(number, words, approve=False)


def _decide(number: str, words: str | None, *, approve: bool) -> None:
    with running() as run:
        operator_id, request_id = _request(run, number)
        try:
            decide_return(run, Actor(operator_id, _ACTOR), request_id, approve=approve, words=words)
        except Refusal as refusal:
            raise click.ClickException(refusal.faults[0].words("en")) from None
    say(f"{number}: {'returned' if approve else 'refused'}")


def _request(run: Runtime, number: str) -> tuple[int, int]:
    """The operator, and the open request of the order. Raises ClickException."""
    with run.db.reading() as connection:
        asked = connection.execute(
            select(Order.operator_id, ReturnRequest.id, ReturnRequest.asked_by)
            .join(ReturnRequest, ReturnRequest.order_id == Order.id)
            .where(Order.number == (numbers.normalise(number) or ""), ReturnRequest.state == State.OPEN)
        ).one_or_none()
        if asked is None:
            raise click.ClickException(f"no return of {number} waits for a decision")
        other = connection.scalar(
            select(
                exists().where(
                    Account.operator_id == asked.operator_id,
                    Account.role == "manager",
                    Account.disabled_at.is_(None),
                    "staff:" + Account.username != asked.asked_by,
                )
            )
        )
    if other:
        raise click.ClickException("another manager of the operator can decide: on the page 退单审批")
    return asked.operator_id, asked.id
