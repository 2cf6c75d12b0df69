"""The whole product as real processes on real servers, each of which a test may kill."""

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import redis
from processes import Child, descendants, free_port, kill, scrubbed, title_of
from redis.exceptions import RedisError
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool
from waiting import until

from tracker.embedded.binaries import find_valkey
from tracker.embedded.folders import DataFolder
from tracker.embedded.state import State, read_state

ALL = ("web", "progress", "upkeep", "schedule")
_WEB_WORKERS = 2
_ARGUMENTS = {
    "web": ["serve"],
    "progress": ["worker", "progress"],
    "bulk": ["worker", "bulk"],
    "urgent": ["worker", "urgent"],
    "upkeep": ["worker", "upkeep"],
    "schedule": ["schedule"],
}
_SHORT_TIMES = {
    "TRACKER_LEASE_SECONDS": "2",
    "TRACKER_UNKNOWN_GRACE_SECONDS": "1",
    "TRACKER_SWEEP_INTERVAL_SECONDS": "1",
}


class Stores:
    """The embedded servers of a folder, as somebody with a kill command sees them."""

    def __init__(self, folder: Path, owner_url: str, redis_url: str) -> None:
        self._folder = DataFolder(folder)
        self._redis_url = redis_url
        self.engine: Engine = create_engine(owner_url, poolclass=NullPool)

    def _state(self) -> State:
        state = read_state(self._folder.state)
        assert state is not None, "the embedded servers are gone"
        return state

    def kill_valkey(self) -> None:
        """SIGKILL; returns once its supervisor's next one answers."""
        old = self._state().valkey
        assert old is not None
        kill(old)
        until("another Valkey", lambda: self._state().valkey not in (None, old) and self.valkey_answers())

    @contextmanager
    def valkey_stopped(self) -> Iterator[None]:
        """A Valkey that takes connections and never answers."""
        pid = self._state().valkey
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def empty_valkey(self) -> None:
        with redis.Redis.from_url(self._redis_url, socket_timeout=5) as client:
            client.flushall()

    def valkey_answers(self) -> bool:
        with redis.Redis.from_url(self._redis_url, socket_timeout=1) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False

    def kill_postmaster(self) -> None:
        """SIGKILL; returns once its supervisor's next one has recovered."""
        old = self._state().postgres
        assert old is not None
        kill(old)
        until(
            "another PostgreSQL",
            lambda: self._state().postgres not in (None, old) and self.postgres_answers(),
            within=60,
        )

    def kill_backend(self) -> None:
        """SIGKILL to one connection's process: PostgreSQL then ends all of them and recovers."""
        postmaster = self._state().postgres
        assert postmaster is not None

        def backends() -> list[int]:
            return [pid for pid in descendants(postmaster) if "tracker_app" in title_of(pid)]

        kill(until("a connection of the product", backends)[0])
        until("PostgreSQL's recovery", self.postgres_answers, within=60)

    def see_texts_on_their_way(self) -> None:
        """Wait for a claim that has been committed and not recorded."""
        sending = text("SELECT 1 FROM notices WHERE state = 'sending' LIMIT 1")
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            until("texts on their way", lambda: connection.scalar(sending), within=30, every=0.001)

    def interrupted(self) -> int:
        """How many texts lost their worker on the way: nobody recorded what came of an attempt."""
        unrecorded = text("SELECT sum(attempts) - (SELECT count(*) FROM notice_attempts) FROM notices")
        with self.engine.connect() as connection:
            return int(connection.scalar(unrecorded) or 0)

    def postgres_answers(self) -> bool:
        try:
            with self.engine.connect() as connection:
                return connection.scalar(text("SELECT 1")) == 1
        except SQLAlchemyError:
            return False


class OwnValkey:
    """A Valkey without supervisor, which stays away for as long as a test wants."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "own-valkey.sock"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}?db=0"

    def start(self) -> None:
        self._socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [find_valkey().path, "--port", "0", "--unixsocket", self._socket, "--save", ""],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        until("Valkey's answer", self._answers)

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url, socket_timeout=1) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False


class System:
    """Web, workers and schedule of one test."""

    def __init__(self, settings: Mapping[str, str], folder: Path, **changes: str) -> None:
        self.port = free_port()
        env = scrubbed(
            {
                **settings,
                **_SHORT_TIMES,
                "TRACKER_DATA_DIR": str(folder),
                "TRACKER_PORT": str(self.port),
                "TRACKER_WEB_WORKERS": str(_WEB_WORKERS),
                # Should the test process itself be killed, its children end with it.
                "TRACKER_LIFELINE": str(os.getpid()),
                **changes,
            }
        )
        self._children = {
            name: Child(name, [sys.executable, "-m", "tracker", *words], env, folder / f"{name}.log")
            for name, words in _ARGUMENTS.items()
        }

    def start(self, *names: str) -> None:
        """Start these processes, or all; returns once the web answers, if it is one of them."""
        for name in names or ALL:
            self._children[name].start()
        if "web" in (names or ALL):
            until("an answer of the web", self._web_answers, within=30, else_say=self.last_words)

    def kill(self, name: str) -> None:
        """SIGKILL to the process and all below it."""
        self._children[name].kill()

    def stop(self, name: str, within: float = 15) -> int:
        """Tell a process to end, as whatever supervises it would; returns its exit code."""
        child = self._children[name].process
        assert child is not None
        child.terminate()
        return child.wait(within)

    def restart(self, name: str) -> None:
        """SIGKILL, then a new one, as whatever supervises it would start."""
        self.kill(name)
        self.start(name)

    def web_workers(self) -> set[int]:
        """The processes that answer requests."""
        return {pid for pid in descendants(self._children["web"].pid) if "serve" in title_of(pid)}

    def kill_web_worker(self) -> None:
        """SIGKILL to one process that answers requests; returns once there is another in its place."""
        before = until("web workers", lambda: len(w := self.web_workers()) == _WEB_WORKERS and w)
        kill(next(iter(before)))
        until(
            "another web worker",
            lambda: len(now := self.web_workers()) == _WEB_WORKERS and now != before,
            else_say=self.last_words,
        )

    def kill_web_main(self) -> None:
        """SIGKILL to the web's first process only; returns once its workers have noticed and ended."""
        workers = self.web_workers()
        self._children["web"].kill(and_below=False)
        until("the end of the orphans", lambda: not any(title_of(pid) for pid in workers), within=25)

    def kill_web_main_while_its_workers_load(self) -> None:
        """Start the web, kill its first process as soon as it has workers; returns once they have ended."""
        self._children["web"].start()
        workers = until("web workers", lambda: len(w := self.web_workers()) == _WEB_WORKERS and w)
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        self._children["web"].kill(and_below=False)
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        try:
            until("the end of the orphans", lambda: not any(title_of(pid) for pid in workers), within=25)
        finally:
            for pid in workers:
                kill(pid)

    def assert_alive(self) -> None:
        """None that was started and not killed by the test has ended."""
        dead = [name for name, child in self._children.items() if child.ended_by_itself()]
        assert not dead, f"{dead} ended\n{self.last_words()}"

    def last_words(self) -> str:
        return "\n".join(child.last_words() for child in self._children.values())

    def close(self) -> None:
        for child in self._children.values():
            child.kill()

    def _web_answers(self) -> bool:
        web = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with closing(web), suppress(OSError, http.client.HTTPException):
            web.request("GET", "/healthz")
            return web.getresponse().status == 200
        return False


MakeSystem = Callable[..., System]
