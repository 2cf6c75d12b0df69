"""PostgreSQL: how it is started and when it answers."""

import contextlib
import os
import shlex
import signal
from dataclasses import dataclass
from pathlib import Path

from tracker.embedded.processes import alive, program_name, works_in
from tracker.embedded.server import StopStep

PORT = "5432"
# The line of postmaster.pid in which the server says how far it is.
_STATUS_LINE = 7
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_destination": "stderr",
}


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL on a socket of its own. `TRACKER_EMBEDDED_PG_OPTIONS` adds to its command line."""

    program: Path
    folder: Path
    sockets: Path
    name: str = "PostgreSQL"
    # Fast shutdown, immediate shutdown (recovers at the next start), end.
    stop_steps: tuple[StopStep, ...] = (
        StopStep(signal.SIGINT, 60),
        StopStep(signal.SIGQUIT, 10),
        StopStep(signal.SIGKILL, 5),
    )

    @property
    def argv(self) -> list[str | Path]:
        settings = {**_SETTINGS, "unix_socket_directories": str(self.sockets)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        more = shlex.split(os.environ.get("TRACKER_EMBEDDED_PG_OPTIONS", ""))
        return [self.program, "-D", self.folder, "-p", PORT, *options, *more]

    def stranger(self) -> int | None:
        """The server that postmaster.pid names, if it is alive and one of this folder, not a reused id."""
        lines = self._pid_file()
        pid = int(lines[0]) if lines and lines[0].isdecimal() else None
        if pid and alive(pid) and program_name(pid) == "postgres" and works_in(pid, self.folder):
            return pid
        return None

    def clear(self) -> None:
        # PostgreSQL takes any live process that has the id in these files for a running server.
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        for suffix in ("", ".lock"):
            (self.sockets / f".s.PGSQL.{PORT}{suffix}").unlink(missing_ok=True)

    def is_ready(self, pid: int) -> bool:
        lines = self._pid_file()
        return len(lines) > _STATUS_LINE and lines[0] == str(pid) and lines[_STATUS_LINE] == "ready"

    def _pid_file(self) -> list[str]:
        with contextlib.suppress(OSError):
            text = (self.folder / "postmaster.pid").read_text(errors="replace")
            return [line.strip() for line in text.splitlines()]
        return []
