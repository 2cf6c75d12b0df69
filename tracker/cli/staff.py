"""Staff accounts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.table import Table

from tracker import clock
from tracker.accounts import switch_account
from tracker.accounts.add_account import add_account
from tracker.accounts.doer import Doer, console
from tracker.accounts.queries import Wanted, account_named, all_people
from tracker.accounts.switch_account import print_reset
from tracker.cli.context import moment, running, say, show_table
from tracker.problems import Refusal
from tracker.runtime import Runtime
from tracker.staff.models import ROLES

_BY = console("staff")


@contextmanager
def _telling() -> Iterator[None]:
    """What is refused as the command's own error."""
    try:
        yield
    except Refusal as refusal:
        raise click.ClickException(" ".join(fault.words("en") for fault in refusal.faults)) from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None


@click.group()
def staff() -> None:
    """Staff accounts: added, listed, disabled, unlocked, reset. What is refused exits with 1."""


@staff.command("add")
@click.argument("username")
@click.option("--operator", help="Code of the operator; not for a regulator or an administrator.")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--name", "display_name", required=True, help="Name shown on pages.")
@click.option("--phone", help="Mobile number, to which codes of resets go.")
@click.option("--title", help="How customers are told of an installer, such as 李师傅.")
@click.option("--staff-number", help="The installer's number (工号), which customers are told.")
@click.password_option()
def add(
    username: str,
    operator: str | None,
    role: str,
    display_name: str,
    phone: str | None,
    title: str | None,
    staff_number: str | None,
    password: str,
) -> None:
    """Add an account with a password.

    Managers and administrators set up a code of their phone when they first sign in.

    \b
    Examples:
      tracker staff add admin --role administrator --name 系统管理员
      tracker staff add li.hua --operator telecom --role manager --name 李华 --phone 13800001234
      tracker staff add li.jun --operator telecom --role installer --name 李军 \\
        --title 李师傅 --staff-number 0321
    """
    with running() as run, _telling():
        operator_id = _operator(run, operator)
        add_account(
            run,
            _BY,
            username=username,
            password=password,
            role=role,
            display_name=display_name,
            operator_id=operator_id,
            phone=phone,
            title=title,
            staff_number=staff_number,
        )
    say(f"{username} can sign in")


@staff.command("list")
@click.option("--operator", help="Only the people of this operator.")
@click.option("--role", type=click.Choice(ROLES))
@click.option("--state", type=click.Choice(("active", "invited", "locked", "disabled")))
def list_people(operator: str | None, role: str | None, state: str | None) -> None:
    """List accounts, by operator and name.

    \b
    Examples:
      tracker staff list
      tracker staff list --operator telecom --role installer
      tracker staff list --state locked
    """
    table = Table("username", "name", "operator", "role", "state", "code", "last seen")
    with running() as run:
        operators = {one.id: one.code for one in run.reference.current().operators.values()}
        wanted = Wanted(shown=state, role=role, operator_id=_operator(run, operator))
        with run.db.reading() as connection:
            for listed in all_people(connection, run.keys, _BY, wanted, clock.now()):
                for one in listed:
                    row, until = one.row, one.locked_until
                    table.add_row(
                        row.username,
                        row.display_name,
                        operators.get(row.operator_id, "–"),
                        row.role,
                        f"locked until {clock.local(until):%H:%M}" if until else one.state,
                        "on" if row.totp_secret else "off",
                        moment(row.seen_at) or "never",
                    )
    show_table(table)


@staff.command("disable")
@click.argument("username")
def disable(username: str) -> None:
    """Let somebody in no more; they are signed out at once.

    \b
    Example:
      tracker staff disable li.hua
    """
    _act(username, switch_account.disable_account, "is disabled and signed out")


@staff.command("enable")
@click.argument("username")
def enable(username: str) -> None:
    """Let somebody in again, with the password they had.

    \b
    Example:
      tracker staff enable li.hua
    """
    _act(username, switch_account.enable_account, "can sign in again")


@staff.command("unlock")
@click.argument("username")
def unlock(username: str) -> None:
    """Forget somebody's wrong tries, so that they need not wait.

    \b
    Example:
      tracker staff unlock li.hua
    """
    _act(username, switch_account.unlock_account, "is unlocked")


@staff.command("sign-out")
@click.argument("username")
def sign_out(username: str) -> None:
    """End all sessions of somebody.

    \b
    Example:
      tracker staff sign-out li.hua
    """
    _act(username, switch_account.sign_out_everywhere, "is signed out everywhere")


@staff.command("reset")
@click.argument("username")
def reset(username: str) -> None:
    """Print a code with which somebody chooses a new password at /sign-in/begin, within 30 minutes.

    The old password holds until then. The code goes to standard output alone.

    \b
    Example:
      tracker staff reset admin
    """
    with running() as run, _telling():
        code = print_reset(run, _BY, _named(run, username))
    click.echo(code)
    say(f"{username} chooses a password with this code at /sign-in/begin within 30 minutes")


@staff.command("reset-second-factor")
@click.argument("username")
def reset_second_factor(username: str) -> None:
    """Forget somebody's lost phone and recovery codes; they are signed out.

    Managers and administrators set up another phone when they next sign in.

    \b
    Example:
      tracker staff reset-second-factor li.hua
    """
    _act(username, switch_account.remove_second_factor, "has no second factor any more and is signed out")


def _act(username: str, act: Callable[[Runtime, Doer, int], None], said: str) -> None:
    with running() as run, _telling():
        act(run, _BY, _named(run, username))
    say(f"{username} {said}")


def _named(run: Runtime, username: str) -> int:
    with run.db.reading() as connection:
        found = account_named(connection, username)
    if found is None:
        raise click.ClickException(f"nobody has the name {username}")
    return found


def _operator(run: Runtime, code: str | None) -> int | None:
    if code is None:
        return None
    operators = {one.code: one.id for one in run.reference.current().operators.values()}
    if code not in operators:
        raise click.ClickException(f"no operator has the code {code}")
    return operators[code]
