"""Keeps one server running: starts it, waits until it answers, starts it again when it dies, stops it."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tracker.embedded import locks
from tracker.embedded.account import Account
from tracker.embedded.errors import EmbeddedError
from tracker.embedded.logs import last_words, open_log
from tracker.embedded.processes import program_name, spawn
from tracker.embedded.server import Server

FIRST_START_SECONDS = 600.0
_SAY_EVERY_SECONDS = 4.0
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 15.0
_STEADY_SECONDS = 30.0
_LOOK_AGAIN_SECONDS = 0.1


class Keeper:
    """One server, moved on by `tick`; nothing here waits, so that a stop is heard at any time."""

    def __init__(
        self, server: Server, log: Path, account: Account, earlier_pid: int | None, say: Callable[[str], None]
    ) -> None:
        self._server = server
        self._log = log
        self._log_start = 0
        self._account = account
        self._earlier_pid = earlier_pid
        self._say = say
        # The server and its children hold it, not the supervisor: it is free when the last of them is gone.
        self._lock = locks.beside(server.folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._begun = time.monotonic()
        self._started_at = 0.0
        self._next_try = 0.0
        self._pause = _FIRST_PAUSE_SECONDS
        self._next_word = self._begun + _SAY_EVERY_SECONDS
        self._asked_earlier = False
        self._was_ready = False
        self.ready = False

    @property
    def pid(self) -> int | None:
        """The id of the running server, whether it answers yet or not."""
        return self._process.pid if self._process else None

    def tick(self) -> None:
        """Do what is due. Raises EmbeddedError if the first start fails or takes too long."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._next_try:
                self._start(now)
        elif self._process.poll() is not None:
            self._bury(self._process.returncode, now)
        elif not self.ready:
            self._look(self._process.pid, now)
        if not self._was_ready and now - self._begun > FIRST_START_SECONDS:
            raise EmbeddedError(
                f"{self._server.name} did not come up in {FIRST_START_SECONDS:.0f} s; see {self._log}"
            )

    def stop(self) -> None:
        """Ask the server to stop, politely at first; returns when it has ended."""
        self.ask_to_stop()
        if self._process is None:
            return
        for number, step in enumerate(self._server.stop_steps):
            if number:
                self._say(f"{self._server.name} does not stop; insisting")
                self._process.send_signal(step.signal)
            try:
                self._process.wait(step.seconds)
            except subprocess.TimeoutExpired:
                continue
            self._process = None
            return

    def ask_to_stop(self) -> None:
        """Send the first signal without waiting, so that several servers can stop side by side."""
        self.ready = False
        if self._process and self._process.poll() is None:
            self._process.send_signal(self._server.stop_steps[0].signal)

    def _start(self, now: float) -> None:
        lock = locks.take(self._lock)
        if lock is None:
            self._wait_for_earlier(self._earlier_pid, now)
            return
        try:
            stranger = self._server.stranger()
            if stranger is not None:
                self._wait_for_earlier(stranger, now)
                return
            self._server.clear()
            log = open_log(self._log)
            try:
                self._log_start = os.fstat(log).st_size
                self._process = spawn(
                    self._server.argv,
                    self._account,
                    cwd=self._server.folder,
                    output=log,
                    death_signal=self._server.stop_steps[0].signal,
                    keep=[lock],
                )
            finally:
                os.close(log)
        finally:
            os.close(lock)
        self._started_at = now
        self._earlier_pid = self._process.pid

    def _wait_for_earlier(self, pid: int | None, now: float) -> None:
        """An earlier server of this folder, or a child of it, lives on: two at once would ruin the data."""
        self._next_try = now + _LOOK_AGAIN_SECONDS
        if pid and not self._asked_earlier:
            # Where the kernel does not do it, nobody has told it that its supervisor is dead.
            self._asked_earlier = True
            if pid == self._earlier_pid and program_name(pid) == os.path.basename(self._server.argv[0]):
                os.kill(pid, self._server.stop_steps[0].signal)
        if now >= self._next_word:
            self._next_word = now + _SAY_EVERY_SECONDS
            who = f" (process {pid})" if pid else ""
            self._say(f"waiting until an earlier {self._server.name} of this folder{who} has ended")

    def _look(self, pid: int, now: float) -> None:
        if self._server.is_ready(pid):
            self.ready = True
            if self._was_ready:
                self._say(f"{self._server.name} answers again (process {pid})")
            self._was_ready = True
        elif now >= self._next_word:
            self._next_word = now + _SAY_EVERY_SECONDS
            words = last_words(self._log, since=self._log_start, lines=1)
            self._say(f"{self._server.name} is still starting, {now - self._started_at:.0f} s: {words}")

    def _bury(self, code: int, now: float) -> None:
        self._process = None
        self.ready = False
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        if not self._was_ready:
            words = last_words(self._log, since=self._log_start)
            raise EmbeddedError(f"{self._server.name} {how} while starting: {words} (see {self._log})")
        if now - self._started_at > _STEADY_SECONDS:
            self._pause = _FIRST_PAUSE_SECONDS
        self._say(f"{self._server.name} {how}; starting it again in {self._pause:g} s")
        self._next_try = now + self._pause
        self._next_word = self._next_try + _SAY_EVERY_SECONDS
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)
        self._asked_earlier = False
