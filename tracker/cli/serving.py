"""Commands that serve."""

import os

import click

from tracker import runtime
from tracker.api.portals import load as portals
from tracker.bootstrap import environment
from tracker.cli.context import settings
from tracker.config import Config
from tracker.lifeline import PARENT_VARIABLE, die_with_parent
from tracker.ports import require_free
from tracker.setting_kinds import ConfigError


def serve_wsgi(target: str, port: int, variable: str, complete: Config) -> None:
    """Serve a WSGI factory: a worker process per core, one blocking thread in each.

    `variable`: the setting that the port comes from.
    """
    # Loaded here: only the web commands need it.
    from granian import Granian
    from granian.constants import Interfaces

    require_free(complete.bind, port, variable)
    os.environ.update(environment(complete))
    os.environ[PARENT_VARIABLE] = str(os.getpid())
    Granian(
        target,
        address=complete.bind,
        port=port,
        interface=Interfaces.WSGI,
        workers=complete.web_workers,
        blocking_threads=1,
        factory=True,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=0.2,
        workers_kill_timeout=10,
        log_enabled=complete.log_level == "DEBUG",
    ).serve()


@click.command()
def serve() -> None:
    """Serve the API and the staff pages on TRACKER_PORT.

    \b
    Example:
      TRACKER_DATABASE_URL=postgresql://… TRACKER_REDIS_URL=redis://… tracker serve
    """
    die_with_parent()
    with settings() as complete:
        # Tried here first: a web server's worker would tell of what is missing in a traceback.
        runtime.start(complete).close()
        portals.load(complete)
        if complete.secret_key is None:
            raise ConfigError("configuration: TRACKER_SECRET_KEY is needed with a database of one's own")
        serve_wsgi("tracker.wsgi:service", complete.port, "TRACKER_PORT", complete)


@click.command("serve-public")
def serve_public() -> None:
    """Serve the customers' site on TRACKER_PUBLIC_PORT."""
    die_with_parent()
    with settings() as complete:
        serve_wsgi("tracker.wsgi:public", complete.public_port, "TRACKER_PUBLIC_PORT", complete)
