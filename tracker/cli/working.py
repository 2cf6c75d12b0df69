"""Commands that run what works behind the pages: the workers of queues, and the schedule."""

import os
import signal
import threading
from importlib import import_module

import click

from tracker import logs, queueing
from tracker.bootstrap import environment
from tracker.cli.context import settings
from tracker.lifeline import die_with_parent
from tracker.loading import without_collecting
from tracker.notices.rules import QUEUES
from tracker.setting_kinds import ConfigError


@click.command()
@click.argument("queue", type=click.Choice([*QUEUES, *queueing.OTHERS]))
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
        # Before the first ring, not at it: whoever rings waits.
        with without_collecting():
            import_module("workers.jobs")
        queueing.work(complete.redis_url, queue, burst=burst)


@click.command()
def schedule() -> None:
    """Ring the jobs that run by the clock. Running it twice does no harm."""
    # Loaded here: a worker needs none of it.
    with without_collecting():
        from tracker import runtime
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
