"""The command that looks whether a process of the system could run."""

import sys

import click

from tracker import bootstrap, config, health, migrate, runtime, walls
from tracker.api.portals import load as portals
from tracker.cli.context import say, settings


@click.command()
def check() -> None:
    """Tell whether this configuration can serve: settings, database, Redis, calendar, queue.

    Exit code 0 if it can, 1 if a check failed, 2 if the settings are wrong or no database answers. Makes
    nothing: where no database is named and there is none in TRACKER_DATA_DIR, it says so.
    """
    given = config.load()
    if missing := bootstrap.missing_data(given):
        say(f"tracker: no database is set up in {missing}: name one, or make one with `tracker migrate`")
        sys.exit(1)
    with settings() as complete:
        portals.load(complete)
        run = runtime.start(complete)
        # Asked as the login itself: the roles that it steps down to come with the schema.
        if migrate.current(str(complete.database_url)) is None:
            say("tracker: the database has no schema yet: run `tracker migrate`")
            sys.exit(1)
        # As the service will see it, so that a login which cannot step down to its role is found here.
        with walls.everywhere():
            words = health.examine(run.walled)
        run.close()
    for name, word in words.items():
        click.echo(f"{name:10} {word}")
    sys.exit(1 if any(word.startswith("failed") for word in words.values()) else 0)
