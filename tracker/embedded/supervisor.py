"""The process that owns the servers of one data folder: `python -m tracker.embedded.supervisor`.

Its starter holds the other end of its standard input; when that closes, or the starter is gone, it stops the
servers and ends. It tells the starter how things stand in lines of JSON on standard output:
`{"say": ...}`, then one of `{"ready": <socket folder>}`, `{"busy": true}`, `{"error": ...}`.
"""

import contextlib
import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from tracker.embedded import locks
from tracker.embedded.account import Account, server_account
from tracker.embedded.binaries import find_postgres, find_valkey, within_reach
from tracker.embedded.cluster import create_data, data_major
from tracker.embedded.errors import EmbeddedError
from tracker.embedded.folders import DataFolder, make_private, prepare_data_folder, socket_folder
from tracker.embedded.keeper import Keeper
from tracker.embedded.logs import open_log
from tracker.embedded.postgres import Postgres
from tracker.embedded.state import State, read_state
from tracker.embedded.valkey import Valkey

_TICK_WHILE_STARTING = 0.01
_TICK = 1.0


def tell(**message: object) -> None:
    """Send the starter a line. One that is gone, or does not read, is no reason to stop."""
    with contextlib.suppress(OSError):
        os.write(1, (json.dumps(message) + "\n").encode())


def say(message: str) -> None:
    """Tell the starter, and the log, something for a person to read."""
    sys.stderr.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {message}\n")
    sys.stderr.flush()
    tell(say=message)


class _Wishes:
    """Whether this process should go on: its starter lives, has not asked it to stop, and no signal came."""

    def __init__(self, starter: int) -> None:
        self._starter = starter
        self._stop = False
        self._wakeup, write_end = os.pipe()
        for end in (self._wakeup, write_end):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        # Only to be woken from select when a server ends.
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop = True

    def go_on(self, seconds: float) -> bool:
        """Wait for news, at most so long, and say whether to go on."""
        readable, _, _ = select.select([0, self._wakeup], [], [], seconds)
        if self._wakeup in readable:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wakeup, 512)
        # Forks of the starter may hold its end of the pipe open, so its process id counts as well.
        return not (self._stop or 0 in readable or os.getppid() != self._starter)


def keep_running(
    keepers: tuple[Keeper, Keeper], go_on: Callable[[float], bool], publish: Callable[[bool], None]
) -> None:
    """Move the servers on until it is time to stop; `publish` hears of every change."""
    seen: object = None
    up = False
    wait = 0.0
    while go_on(wait):
        for keeper in keepers:
            keeper.tick()
        settled = all(keeper.ready for keeper in keepers)
        up = up or settled
        now = (up, [keeper.pid for keeper in keepers])
        if now != seen:
            publish(up)
            seen = now
        wait = _TICK if settled else _TICK_WHILE_STARTING


def serve(folder: DataFolder, account: Account, wishes: _Wishes) -> None:
    """Create what is missing, start both servers and keep them until it is time to stop."""
    postgres_program = find_postgres(data_major(folder.postgres))
    valkey_program = find_valkey()
    say(f"PostgreSQL {postgres_program.version} from {postgres_program.origin}")
    say(f"Valkey {valkey_program.version} from {valkey_program.origin}")
    postgres_program = within_reach(postgres_program, account, folder.programs)
    valkey_program = within_reach(valkey_program, account, folder.programs)

    earlier = read_state(folder.state)
    sockets = socket_folder(folder, account)
    make_private(folder.valkey, account)
    log_path = folder.logs / "postgres.log"
    if not folder.postgres.exists():
        say("creating the database (first start)")
        create_data(postgres_program, folder.postgres, account, log_path)
    else:
        make_private(folder.postgres, account)

    postgres = Keeper(
        Postgres(postgres_program.path, folder.postgres, sockets),
        log_path,
        account,
        earlier.postgres if earlier else None,
        say,
    )
    valkey = Keeper(
        Valkey(valkey_program.path, folder.valkey, sockets),
        folder.logs / "valkey.log",
        account,
        earlier.valkey if earlier else None,
        say,
    )
    started_at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    told = False

    def publish(ready: bool) -> None:
        nonlocal told
        State(os.getpid(), postgres.pid, valkey.pid, str(sockets), started_at, ready).write(folder.state)
        if ready and not told:
            told = True
            tell(ready=str(sockets))

    try:
        keep_running((postgres, valkey), wishes.go_on, publish)
    finally:
        for keeper in (postgres, valkey):
            keeper.ask_to_stop()
        for keeper in (valkey, postgres):
            keeper.stop()
        folder.state.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            sockets.rmdir()


def main(root: str, starter: str) -> int:
    """Run the supervisor for a data folder; the exit code is 0 after a stop that was asked for."""
    os.umask(0o022)
    os.set_blocking(1, False)
    wishes = _Wishes(int(starter))
    folder = DataFolder(Path(root))
    try:
        account = server_account()
        prepare_data_folder(folder, account)
        log = open_log(folder.logs / "supervisor.log")
        os.dup2(log, 2)
        os.close(log)
        # Never closed: the kernel frees it when this process ends.
        if locks.take(folder.lock) is None:
            tell(busy=True)
            return 0
        serve(folder, account, wishes)
    except EmbeddedError as error:
        tell(error=str(error))
        return 1
    except Exception as error:
        traceback.print_exc()
        tell(error=f"the supervisor of the embedded servers failed: {error!r}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
