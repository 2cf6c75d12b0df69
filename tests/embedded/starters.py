"""Processes that use the embedded servers, and what the servers left to be seen of them."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psycopg
import pytest
import redis

from tracker.embedded import Servers, locks
from tracker.embedded.folders import DataFolder

REPOSITORY = Path(__file__).resolve().parents[2]
SITE_PACKAGES = Path(psycopg.__file__).parents[1]
AS_ROOT = os.geteuid() == 0
only_as_root = pytest.mark.skipif(not AS_ROOT, reason="needs root, to become other users")
BOUND_SECONDS = 60.0


STARTER = """
import select, signal, sys
from pathlib import Path
from tracker.embedded import EmbeddedError, servers
# Ignored in what a shell runs in the background, as the tests may be.
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    with servers(Path(sys.argv[1]), say=lambda message: print("say", message, flush=True)) as found:
        try:
            print("up", found.owner_url, flush=True)
            # Not one endless wait: a signal that comes just before it would be seen after it only.
            while not select.select([sys.stdin], [], [], 0.1)[0]:
                pass
        except KeyboardInterrupt:
            pass
except EmbeddedError as error:
    print("error", error, flush=True)
    sys.exit(3)
print("down", flush=True)
"""


class Starter:
    """Another process that uses the servers until its standard input closes."""

    def __init__(
        self, data: Path, *, uid: int | None = None, python: str = sys.executable, **variables: str
    ) -> None:
        paths = [*filter(None, [variables.pop("PYTHONPATH", "")]), str(REPOSITORY), str(SITE_PACKAGES)]
        self.heard: list[str] = []
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            [python, "-c", STARTER, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            env={**os.environ, **variables, "PYTHONPATH": os.pathsep.join(paths)},
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            with self._news:
                self.heard.append(line.strip())
                self._news.notify_all()
        with self._news:
            self.heard.append("end")
            self._news.notify_all()

    def hears(self, beginning: str) -> str:
        """Wait for a line that begins so, and return it."""
        deadline = time.monotonic() + BOUND_SECONDS
        with self._news:
            while True:
                for line in self.heard:
                    if line.startswith(beginning):
                        return line
                assert "end" not in self.heard, f"ended without {beginning!r}: {self.heard}"
                assert self._news.wait(deadline - time.monotonic()), f"no {beginning!r}: {self.heard}"

    def leave(self) -> int:
        """Close its standard input and return its exit code."""
        with suppress(OSError):
            self.process.stdin.close()
        return self.wait()

    def wait(self) -> int:
        try:
            return self.process.wait(BOUND_SECONDS)
        finally:
            self.process.kill()
            self._reader.join(BOUND_SECONDS)
            self.process.stdout.close()

    def kill(self) -> None:
        self.process.kill()
        self.wait()
        with suppress(OSError):
            self.process.stdin.close()


def until(what: Callable[[], bool], why: str) -> None:
    deadline = time.monotonic() + BOUND_SECONDS
    while not what():
        assert time.monotonic() < deadline, why
        time.sleep(0.02)


def state(data: Path) -> dict[str, object]:
    return json.loads(DataFolder(data).state.read_text())


def servers_are_gone(data: Path) -> bool:
    """Whether no server, and no child of one, lives: they all hold these locks."""
    return not any(locks.is_held(data / name) for name in ("postgres.lock", "valkey.lock", "embedded.lock"))


@contextmanager
def database(found: Servers | str) -> Iterator[psycopg.Connection]:
    url = found if isinstance(found, str) else found.owner_url
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


def write(found: Servers) -> None:
    """Leave a mark in both stores."""
    with database(found) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS mark (at timestamptz DEFAULT now())")
        connection.execute("INSERT INTO mark DEFAULT VALUES")
    with redis.Redis.from_url(found.redis_url) as client:
        client.incr("mark")


def marks(found: Servers) -> tuple[int, int]:
    with database(found) as connection:
        rows = connection.execute("SELECT count(*) FROM mark").fetchone()[0]
    with redis.Redis.from_url(found.redis_url) as client:
        return rows, int(client.get("mark"))


def quiet(message: str) -> None:
    """Hear and forget."""


def children_of(parent: int) -> list[int]:
    listing = subprocess.run(
        ["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [int(pid) for pid, ppid in (line.split() for line in listing) if int(ppid) == parent]
