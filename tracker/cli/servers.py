"""Commands that run a process of the system, or look whether one could run."""

import os
import signal
import socket
import sys
import threading

import click

from tracker import health, logs, queueing, runtime, walls
from tracker import migrate as migrating
from tracker.api.portals import load as portals
from tracker.bootstrap import environment
from tracker.cli.context import say, settings
from tracker.config import Config
from tracker.lifeline import PARENT_VARIABLE, die_with_parent
from tracker.notices.rules import QUEUES
from tracker.setting_kinds import ConfigError
from tracker.webhooks.deliver import QUEUE as WEBHOOKS


def serve_wsgi(target: str, port: int, complete: Config) -> None:
    """Serve a WSGI factory: a worker process per core, one blocking thread in each."""
    # Loaded here: only the web commands need it.
    from granian import Granian
    from granian.constants import Interfaces

    _make_sure_is_free(complete.bind, port)
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


def _make_sure_is_free(address: str, port: int) -> None:
    """Raises ConfigError where the address cannot be listened on; the web server would say it in riddles."""
    try:
        family = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        raise ConfigError(f"cannot listen on {address}:{port}: {error.strerror}") from None


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
        serve_wsgi("tracker.wsgi:service", complete.port, complete)


@click.command("serve-public")
def serve_public() -> None:
    """Serve the customers' site on TRACKER_PUBLIC_PORT."""
    die_with_parent()
    with settings() as complete:
        serve_wsgi("tracker.wsgi:public", complete.public_port, complete)


@click.command()
@click.argument(
    "queue", type=click.Choice([*QUEUES, WEBHOOKS, queueing.UPKEEP, queueing.FILES, queueing.REQUESTS])
)
@click.option("--burst", is_flag=True, help="End once the queue is empty.")
def worker(queue: str, burst: bool) -> None:
    """Work off one queue: urgent, progress, bulk, webhooks, upkeep, files or requests.

    \b
    Example, one process each:
      tracker worker progress
      tracker worker upkeep
    """
    die_with_parent()
    with settings() as complete:
        os.environ.update(environment(complete))
        logs.configure(complete.log_level)
        if complete.redis_url is None:
            raise ConfigError("configuration: TRACKER_REDIS_URL is needed")
        queueing.work(complete.redis_url, queue, burst=burst)


@click.command()
def schedule() -> None:
    """Ring the jobs that run by the clock. Running it twice does no harm."""
    from workers.schedule import jobs

    die_with_parent()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with settings() as complete:
        logs.configure(complete.log_level)
        run = runtime.start(complete)
        queueing.keep_schedule(run.bell, jobs(complete), stop)
        run.close()


@click.command()
@click.option("--to", "revision", default="head", show_default=True, help="Alembic revision to reach.")
@click.option(
    "--restored",
    is_flag=True,
    help="The database was restored from a copy: let callers' cursors miss nothing that follows.",
)
def migrate(revision: str, restored: bool) -> None:
    """Bring the database to the code's schema, as TRACKER_MIGRATION_DATABASE_URL's login."""
    with settings() as complete:
        url = complete.migration_database_url
        if url is None:
            raise ConfigError("configuration: TRACKER_MIGRATION_DATABASE_URL is needed")
        migrating.upgrade(url, revision, restored=restored)
        say(f"database is at {migrating.current(url)}")


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
