"""The demonstration."""

import sys

import click

from tracker import config
from tracker.cli.context import say


@click.command()
def demo() -> None:
    """Run a working system with example data: servers, web, workers, schedule.

    Data stays in TRACKER_DATA_DIR (.tracker/ here; a folder under /var/lib for root). Ctrl-C stops it.

    \b
    Example:
      TRACKER_PORT=9000 TRACKER_PUBLIC_PORT=9001 tracker demo
    """
    # Loaded here: no other command needs all of the system.
    from tracker.demo.run import run

    sys.exit(run(config.load(), say))
