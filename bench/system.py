"""The system under measurement: its own servers in a folder of its own, as shipped, with fsync."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from bench import ceilings, load
from bench.figures import BenchError
from tracker import bootstrap, config, db, migrate, runtime
from tracker.channels.create_key import create_key
from tracker.config import Config
from tracker.db import Database
from tracker.demo.seed import seed
from tracker.embedded.processes import tied_to_this_process
from tracker.lifeline import VARIABLE
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

ROOT = Path(__file__).resolve().parent.parent
_READY_SECONDS = 40.0
_NUMBERS_A_JOB = 1_000_000


@dataclass(frozen=True)
class Web:
    """A web server of this run: its port, and its process, which leads a session of its own."""

    port: int
    pid: int


class Generator:
    """The load generator, in one process of its own for the whole run."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        self._first = 0

    def run(self, job: load.Job) -> load.Result:
        """Do a job with numbers that no other job used. Raises BenchError for a wrong answer."""
        self._first += _NUMBERS_A_JOB
        result = self._pool.submit(load.run, replace(job, first=self._first)).result()
        if result.failure:
            raise BenchError(f"port {job.port} did not answer {job.expected}: {result.failure}")
        return result

    def close(self) -> None:
        """End the process."""
        self._pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class System:
    """Running servers with reference data, and what rows need to call them."""

    folder: Path
    config: Config
    runtime: Runtime
    owner: Engine
    generator: Generator
    channel: ChannelFacts
    api_key: str

    @contextmanager
    def process(self, name: str, *arguments: str, ready: int | None = None, **more: str) -> Iterator[int]:
        """A Python process of the project for the length of the block; yields its id.

        `arguments` follow `python -m`; `ready` is a port to wait for; `more` adds to the environment.
        """
        environment = {
            **os.environ,
            **bootstrap.environment(self.config),
            "PYTHONPATH": str(ROOT),
            VARIABLE: str(os.getpid()),
            **more,
        }
        log_path = self.folder / f"{name}.log"
        with log_path.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=tied_to_this_process(signal.SIGTERM),
            )
        try:
            if ready is not None:
                _wait_for(ready, process, log_path)
            yield process.pid
        finally:
            _end(process)

    def forget_texts(self) -> None:
        """Drop every notice and ring, so that a worker finds only what a row gives it."""
        with self.owner.begin() as connection:
            connection.execute(
                text(
                    "TRUNCATE notices, notice_attempts, notice_receipts, call_tasks, call_attempts,"
                    " recorded_texts, tariff_warnings"
                )
            )
        import redis

        with redis.Redis.from_url(str(self.config.redis_url)) as client:
            client.flushdb()


@contextmanager
def started() -> Iterator[System]:
    """A migrated and seeded system without processes. Raises EmbeddedError."""
    for name in list(os.environ):
        if name.startswith(("TRACKER_", "TWILIO_")):
            del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="trk-bench-"))
    # As root the servers run as another user, who must be able to enter.
    folder.chmod(0o755)
    generator = Generator()
    try:
        os.environ["TRACKER_DATA_DIR"] = str(folder)
        with bootstrap.completed(config.load(), say=lambda message: None) as complete:
            owner_url = str(complete.migration_database_url)
            migrate.upgrade(owner_url)
            as_app = Database(owner_url, role=db.APP_ROLE)
            seed(as_app)
            as_app.dispose()
            owner = create_engine(owner_url, poolclass=NullPool)
            with owner.begin() as connection:
                for statement in ceilings.TABLE_SQL:
                    connection.execute(text(statement))
            running = runtime.start(complete)
            channel = _app_channel(running)
            try:
                # What is measured is the service, not the limit of its callers.
                key = create_key(running.db, channel, rate_limit="1000000 per second")
                yield System(folder, complete, running, owner, generator, channel, key)
            finally:
                running.close()
    finally:
        generator.close()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fetch(
    port: int, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """One request: status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _app_channel(running: Runtime) -> ChannelFacts:
    facts = running.reference.current()
    return next(
        channel
        for channel in facts.channels.values()
        if channel.code == "app" and facts.operators[channel.operator_id].code == "telecom"
    )


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            # A server listens before its application is loaded: only an answer shows that it is.
            with suppress(http.client.HTTPException):
                fetch(port, "GET", "/healthz")
            return
        time.sleep(0.05)
    words = log.read_text(errors="replace").strip().splitlines()[-3:]
    raise BenchError(f"{log.stem} did not start: {' | '.join(words) or 'it said nothing'}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started: they share a session, and nothing of theirs is kept."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
