"""What the operator's call line asks for."""

import sys

import click

from tracker.cli.context import running, say
from tracker.problems import Refusal
from tracker.site_work.connect_call import number_behind


@click.command("call-line")
@click.argument("code")
def call_line(code: str) -> None:
    """The number to connect an installer to, by the CODE that he dialled.

    For the telephone exchange behind TRACKER_CALL_LINE: the number goes to standard output, and that it was
    asked for into the audit trail. Exits with 1 for a code that nobody has, or whose order has ended.

    \b
    Example:
      tracker call-line 04823917
    """
    with running() as run:
        try:
            number = number_behind(run, code, "console:call-line")
        except Refusal as refusal:
            say(refusal.faults[0].words("en"))
            sys.exit(1)
    click.echo(number)
