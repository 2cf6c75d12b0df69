"""Using the servers from a program: start them, or attach to the ones that run already."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tracker.embedded import locks
from tracker.embedded.errors import EmbeddedError
from tracker.embedded.folders import DataFolder
from tracker.embedded.keeper import FIRST_START_SECONDS
from tracker.embedded.processes import alive
from tracker.embedded.state import Servers, addresses, read_state

_STOP_SECONDS = 100
_SAY_EVERY_SECONDS = 4.0


def _to_stderr(message: str) -> None:
    sys.stderr.write(message + "\n")


@contextmanager
def servers(data_dir: Path, *, say: Callable[[str], None] = _to_stderr) -> Iterator[Servers]:
    """Run the servers of a data folder for the length of the block.

    Who comes first starts them, and stops them on leaving, also by being killed; who finds them running uses
    them and leaves them alone. `say` gets one-line messages for a person, later ones (a server died and was
    started again) from another thread. Raises EmbeddedError if they cannot be had.
    """
    found, supervisor = _attach_or_start(_real(data_dir), say)
    try:
        yield found
    finally:
        if supervisor is not None:
            supervisor.stop()


def is_set_up(data_dir: Path) -> bool:
    """Whether servers have been started in this data folder before."""
    return DataFolder(_real(data_dir)).postgres.exists()


def running(data_dir: Path) -> Servers | None:
    """The servers of a data folder that some process runs now; None if there are none, or not ready yet."""
    folder = DataFolder(_real(data_dir))
    if not locks.is_held(folder.lock):
        return None
    state = read_state(folder.state)
    # A state without its supervisor was left behind; the one that holds the lock will write its own.
    if state is None or not state.ready or not alive(state.supervisor):
        return None
    return addresses(state.socket_dir)


def _real(data_dir: Path) -> Path:
    return data_dir.expanduser().resolve()


def _attach_or_start(root: Path, say: Callable[[str], None]) -> tuple[Servers, "_Supervisor | None"]:
    lock = DataFolder(root).lock
    begun = time.monotonic()
    next_word = begun + _SAY_EVERY_SECONDS
    while True:
        found = running(root)
        if found is not None:
            say(f"using the servers that already run for {root}")
            return found, None
        if not locks.is_held(lock):
            supervisor = _Supervisor(root, say)
            started = supervisor.wait()
            if started is not None:
                return started, supervisor
        now = time.monotonic()
        if now - begun > FIRST_START_SECONDS:
            raise EmbeddedError(f"another process keeps starting or stopping the servers of {root}")
        if now >= next_word:
            next_word = now + _SAY_EVERY_SECONDS
            say(f"another process is starting or stopping the servers of {root}; waiting")
        time.sleep(0.05)


class _Supervisor:
    """The supervisor process, seen from its starter."""

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        self._say = say
        self._starter = os.getpid()
        self._stopping = False
        self._reader = threading.Thread(target=self._pass_on, name="embedded-messages", daemon=True)
        package = Path(__file__).resolve().parents[2]
        paths = [str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
        # In a session of its own: Ctrl-C is for the starter, which then stops the servers in order.
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, a module of this package
            [sys.executable, "-P", "-m", "tracker.embedded.supervisor", str(root), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,
        )

    def wait(self) -> Servers | None:
        """Wait until the servers answer; None if another supervisor has the folder. Raises EmbeddedError."""
        noise: list[str] = []
        try:
            while True:
                message = self._next_message(noise)
                if message is None:
                    raise EmbeddedError(f"the supervisor of the servers ended: {' | '.join(noise[-5:])}")
                if "error" in message:
                    raise EmbeddedError(message["error"])
                if "busy" in message:
                    self.stop()
                    return None
                if "ready" in message:
                    self._reader.start()
                    return addresses(message["ready"])
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Have the servers stopped, and wait for it; in a fork of the starter, leave them alone."""
        if os.getpid() != self._starter:
            return
        self._stopping = True
        pipe = self._process.stdin
        if pipe is not None and not pipe.closed:
            # A word, not only the end: forks of this process may hold the pipe open.
            with suppress(OSError):
                pipe.write(b"stop\n")
                pipe.flush()
            with suppress(OSError):
                pipe.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            # The servers get their signal from the kernel then.
            self._process.kill()
            self._process.wait()
        if self._reader.ident is not None:
            self._reader.join(5)
        if self._process.stdout is not None and not self._reader.is_alive():
            self._process.stdout.close()

    def _pass_on(self) -> None:
        while True:
            message = self._next_message([])
            if message is None:
                break
            self._say(message.get("error", ""))
        if not self._stopping:
            self._say("the supervisor of the embedded servers has ended, and the servers with it")

    def _next_message(self, noise: list[str]) -> dict[str, str] | None:
        """The next message that is not just to be said; None at the end. Other output goes to `noise`."""
        output = self._process.stdout
        for line in output or ():
            try:
                message: dict[str, str] = json.loads(line)
            except ValueError:
                noise.append(line.decode(errors="replace").strip())
                continue
            if "say" not in message:
                return message
            self._say(message["say"])
        return None
