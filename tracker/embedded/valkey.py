"""Valkey: how it is started and when it answers."""

import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from tracker.embedded.server import StopStep


@dataclass(frozen=True)
class Valkey:
    """A Valkey on a socket of its own, which writes every change to an append-only file."""

    program: Path
    folder: Path
    sockets: Path
    name: str = "Valkey"
    stop_steps: tuple[StopStep, ...] = (StopStep(signal.SIGTERM, 15), StopStep(signal.SIGKILL, 5))

    @property
    def _socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def argv(self) -> list[str | Path]:
        return [
            *(self.program, "--port", "0"),
            *("--unixsocket", self._socket, "--unixsocketperm", "700"),
            *("--dir", self.folder),
            *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
            *("--daemonize", "no", "--logfile", ""),
        ]

    def stranger(self) -> int | None:
        return None

    def clear(self) -> None:
        self._socket.unlink(missing_ok=True)

    def is_ready(self, pid: int) -> bool:
        """Whether it answers PING; while it loads its file it answers `-LOADING`."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            except OSError:
                return False
