"""The command that looks whether a process of the system could run."""

import sys

import click

from tracker import health, runtime, walls
from tracker.api.portals import load as portals
from tracker.cli.context import settings


@click.command()
def check() -> None:
    """Tell whether this configuration can serve: settings, database, Redis, calendar, queue.

    Exit code 0 if it can, 1 if a check failed, 2 if the settings are wrong.
    """
    with settings() as complete:
        portals.load(complete)
        run = runtime.start(complete)
        # As the service will see it, so that a login which cannot step down to its role is found here.
        with walls.everywhere():
            words = health.examine(run.walled)
        run.close()
    for name, word in words.items():
        click.echo(f"{name:10} {word}")
    sys.exit(1 if any(word.startswith("failed") for word in words.values()) else 0)
