"""What every command needs: a word to the person at the terminal, and a complete configuration."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tracker import bootstrap, clock, config
from tracker.config import Config

if TYPE_CHECKING:
    from tracker.runtime import Runtime

_PIPE_WIDTH = 160


def say(message: str) -> None:
    """A line for people, on standard error, so that standard output stays data."""
    click.echo(message, err=True)


def moment(at: datetime | None) -> str:
    """To the minute on the city's clock, as on the pages; nothing for none."""
    return "" if at is None else f"{clock.local(at):%Y-%m-%d %H:%M}"


def show_table(table: Table) -> None:
    """A table on standard output, as wide as it must be where that is no terminal."""
    console = Console()
    (console if console.is_terminal else Console(width=_PIPE_WIDTH)).print(table)


@contextmanager
def counting(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar over `total` things, None where nobody knows, on standard error; call what it yields
    with each number done.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.advance(task, count)


@contextmanager
def settings() -> Iterator[Config]:
    """The configuration, completed by embedded servers where none are named."""
    with bootstrap.completed(config.load(), say=lambda message: None) as complete:
        yield complete


@contextmanager
def running() -> "Iterator[Runtime]":
    """A runtime on those settings."""
    # Loaded here: a command that has no use for one starts without it.
    from tracker import runtime

    with settings() as complete:
        made = runtime.start(complete)
        try:
            yield made
        finally:
            made.close()
