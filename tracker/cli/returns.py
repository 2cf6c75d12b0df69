"""Returns that wait for a decision, where an operator has no second manager."""

import click
from sqlalchemy import select

from tracker.cli.approvals import decided, list_waiting
from tracker.cli.context import moment, running, say
from tracker.orders import numbers
from tracker.orders.actor import Actor
from tracker.orders.approval_rules import State
from tracker.orders.decide_return import decide_return
from tracker.orders.models import Order
from tracker.orders.return_models import ReturnRequest
from tracker.orders.return_queries import RETURNS

_ACTOR = "console:returns"
_HEAD = ("order", "stage", "reason", "words", "asked by", "since")


@click.group()
def returns() -> None:
    """Returns of orders that were asked for."""


@returns.command("list")
@click.option("--operator", required=True, help="Code of the operator.")
def list_returns(operator: str) -> None:
    """List what waits for a decision, the longest first.

    \b
    Example:
      tracker returns list --operator telecom
    """
    list_waiting(
        RETURNS,
        operator,
        _HEAD,
        lambda row: (
            row.number,
            row.order_stage,
            row.reason_code,
            row.reason_text or "",
            row.asked_by,
            moment(row.asked_at),
        ),
    )


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
        with run.db.reading() as connection:
            asked = connection.execute(
                select(Order.operator_id, ReturnRequest.id)
                .join(ReturnRequest, ReturnRequest.order_id == Order.id)
                .where(Order.number == (numbers.normalise(number) or ""), ReturnRequest.state == State.OPEN)
            ).one_or_none()
        if asked is None:
            raise click.ClickException(f"no return of {number} waits for a decision")
        actor = Actor(asked.operator_id, _ACTOR)
        decided(lambda: decide_return(run, actor, asked.id, approve=approve, words=words))
    say(f"{number}: {'returned' if approve else 'refused'}")
