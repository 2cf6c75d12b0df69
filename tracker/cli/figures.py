"""Public on-time figures."""

from collections.abc import Callable
from contextlib import ExitStack

import click

from tracker.cli.context import counting, running, say
from tracker.figures.publish_figures import publish_figures


@click.group()
def figures() -> None:
    """On-time figures (按时率) as the public is told them."""


@figures.command()
def publish() -> None:
    """Do now what a worker does every day: count the months that are over, and publish what is new.

    A month or half-year is published from the third day after its end. What was published stays; where the
    orders say something else since, a revision is published beside it.

    \b
    Example:
      tracker figures publish
    """
    with running() as run, ExitStack() as bar:
        advance: list[Callable[[int], None]] = []
        new = publish_figures(
            run.db,
            began=lambda months: advance.append(bar.enter_context(counting("months", months))),
            done=lambda: advance[0](1),
        )
        bar.close()
        say(f"{new} figures are new")
