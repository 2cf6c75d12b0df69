"""Staff accounts."""

import click

from tracker.cli.context import running, say
from tracker.staff.create_account import create_account
from tracker.staff.models import ROLES


@click.group()
def staff() -> None:
    """Staff accounts."""


@staff.command("add")
@click.argument("username")
@click.option("--operator", help="Code of the operator; not for a regulator or an administrator.")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--name", "display_name", required=True, help="Name shown on pages.")
@click.password_option()
def add(username: str, operator: str | None, role: str, display_name: str, password: str) -> None:
    """Add an account.

    \b
    Example:
      tracker staff add li.hua --operator telecom --role manager --name 李华
    """
    with running() as run:
        operators = {o.code: o.id for o in run.reference.current().operators.values()}
        if operator is not None and operator not in operators:
            raise click.ClickException(f"no operator has the code {operator}")
        try:
            create_account(
                run.db,
                username=username,
                password=password,
                role=role,
                display_name=display_name,
                operator_id=operators[operator] if operator else None,
            )
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    say(f"{username} can sign in")
