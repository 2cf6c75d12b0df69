"""On-time figures: their sums, and what is published."""

from collections.abc import Callable
from contextlib import ExitStack

import click

from tracker.cli.context import counting, running, say
from tracker.figures.keep_cells import keep_cells, make_anew
from tracker.figures.publish_figures import publish_figures
from tracker.figures.verify_cells import differences


@click.group()
def figures() -> None:
    """On-time figures (按时率): the sums that they are read from, and what the public is told."""


@figures.command()
def keep() -> None:
    """Read on now what a worker reads every few seconds: the histories of orders, into sums.

    \b
    Example:
      tracker figures keep
    """
    with running() as run, counting("orders", None) as advance:
        read = keep_cells(run.db, done=advance)
    say(f"{read} orders were read")


@figures.command()
def verify() -> None:
    """Compare the sums with what they are of, and that with the orders; exit code 1 where they differ.

    Takes minutes for millions of orders, and holds up the reading on meanwhile.

    \b
    Example:
      tracker figures verify || tracker figures rebuild
    """
    with running() as run:
        found = differences(run.db)
    if found.sums or found.facts:
        raise click.ClickException(f"{found.sums} sums and {found.facts} orders differ")
    say("all sums are right")


@figures.command()
def rebuild() -> None:
    """Read every order anew. Figures stand as they are until all is read.

    \b
    Example:
      tracker figures rebuild
    """
    with running() as run, ExitStack() as bar:
        advance: list[Callable[[int], None]] = []
        read = make_anew(
            run.db,
            began=lambda orders: advance.append(bar.enter_context(counting("orders", orders))),
            done=lambda orders: advance[0](orders),
        )
    say(f"{read} orders were read")


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
