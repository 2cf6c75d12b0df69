"""Runs the processes of a whole system in the foreground, for `tracker demo`.

They all start, are watched, and end together. What a real installation runs under systemd or in containers
needs none of this.
"""

import http.client
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from tracker.embedded.logs import last_words, open_log
from tracker.embedded.processes import tied_to_this_process
from tracker.lifeline import VARIABLE

STOP_SECONDS = 10.0
MANY_DEATHS = 5
DEATHS_WITHIN_SECONDS = 30.0
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0
_TICK_SECONDS = 0.1


@dataclass(frozen=True)
class Child:
    """A process to run. `env` is added to this process's environment; output is appended to `log`.

    One with a `ready_url` (plain http) counts as ready when that answers 200, any other as soon as it runs.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    ready_url: str | None = None


def run(
    children: Sequence[Child],
    *,
    say: Callable[[str], None],
    on_ready: Callable[[], None],
    ready_timeout: float = 60,
) -> int:
    """Run the children until SIGINT, SIGTERM or SIGHUP, and return the exit code.

    0 after such a signal; 1 if they were not all ready within `ready_timeout` seconds, or if one died five
    times within 30 s. On return all of them have ended, the last started first. Call it in the main thread:
    it handles signals, and the kernel ties the children to the thread that starts them.
    """
    watched = [_Watched(child) for child in children]
    with _stop_signals() as signals:
        try:
            for child in watched:
                child.start()
            return _watch(watched, signals, say, on_ready, time.monotonic() + ready_timeout)
        finally:
            _stop(watched, signals, say)


class _GivesUp(Exception):
    """A child that will not stay alive."""


@dataclass
class _Watched:
    child: Child
    process: subprocess.Popen[bytes] | None = None
    ready: bool = False
    log_start: int = 0
    next_try: float = 0.0
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=MANY_DEATHS))

    def start(self) -> None:
        self.child.log.parent.mkdir(parents=True, exist_ok=True)
        log = open_log(self.child.log)
        try:
            self.log_start = os.fstat(log).st_size
            self.process = subprocess.Popen(  # noqa: S603 - the caller's own programs, no shell
                list(self.child.argv),
                env={**os.environ, **self.child.env, VARIABLE: str(os.getpid())},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=tied_to_this_process(signal.SIGTERM),
            )
        finally:
            os.close(log)

    def tick(self, now: float, say: Callable[[str], None]) -> None:
        """Start it again if it is due, notice its death, ask whether it is ready."""
        if self.process is None:
            if now >= self.next_try:
                self.start()
        elif _has_ended(self.process):
            self._bury(self.process, now, say)
        elif not self.ready:
            self.ready = self.child.ready_url is None or _answers(self.child.ready_url)

    def last_words(self) -> str:
        return last_words(self.child.log, since=self.log_start) or "it said nothing"

    def _bury(self, process: subprocess.Popen[bytes], now: float, say: Callable[[str], None]) -> None:
        # What it started may still hold its port.
        _signal_group(process, signal.SIGKILL)
        code = process.wait()
        self.process = None
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        words = "" if self.ready and self.child.ready_url else f": {self.last_words()}"
        recent = sum(1 for death in self.deaths if now - death < DEATHS_WITHIN_SECONDS)
        self.deaths.append(now)
        if recent + 1 >= MANY_DEATHS:
            say(f"{self.child.name} {how}, {MANY_DEATHS} times in short order; giving up{words}")
            raise _GivesUp
        pause = min(_FIRST_PAUSE_SECONDS * 2**recent, _LONGEST_PAUSE_SECONDS)
        say(f"{self.child.name} {how}; starting it again in {pause:g} s{words}")
        self.next_try = now + pause
        self.ready = False


@dataclass
class _Signals:
    """How often somebody asked to stop."""

    count: int = 0

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        self.count += 1


@contextmanager
def _stop_signals() -> Iterator[_Signals]:
    signals = _Signals()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signals.on_signal) for number in numbers}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(
    watched: Sequence[_Watched],
    signals: _Signals,
    say: Callable[[str], None],
    on_ready: Callable[[], None],
    deadline: float,
) -> int:
    announced = False
    while not signals.count:
        now = time.monotonic()
        try:
            for child in watched:
                child.tick(now, say)
        except _GivesUp:
            return 1
        if not announced:
            late = [child for child in watched if not (child.ready and child.process)]
            if not late:
                announced = True
                on_ready()
            elif now > deadline:
                for child in late:
                    say(f"{child.child.name} is not ready in time: {child.last_words()}")
                return 1
        time.sleep(_TICK_SECONDS)
    return 0


def _stop(watched: Sequence[_Watched], signals: _Signals, say: Callable[[str], None]) -> None:
    """Stop them side by side, the last started first. One more signal from the user, and they are killed."""
    say("stopping …")
    living = [(child.child.name, child.process) for child in reversed(watched) if child.process]
    for _, process in living:
        _signal_group(process, signal.SIGTERM)
    asked = signals.count
    deadline = time.monotonic() + STOP_SECONDS
    while not all(_has_ended(process) for _, process in living):
        if time.monotonic() > deadline or signals.count > asked:
            break
        time.sleep(_TICK_SECONDS / 2)
    for name, process in living:
        if not _has_ended(process):
            say(f"{name} does not stop; killing it")
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has ended. It is not reaped, so its id, which is its group's too, is not given away yet."""
    if process.returncode is not None:
        return True
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    if process.returncode is None:
        # PermissionError is what macOS says of a group with nothing but the dead in it.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)


def _answers(url: str) -> bool:
    # Not urllib: it would ask a proxy from the environment for an address of this machine.
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "localhost", parts.port, timeout=1)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
