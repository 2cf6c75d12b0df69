"""An end to a synchronous request as a whole: requests' own time-out starts anew with every byte."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_own = threading.local()


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._passed = False
        self.timer = threading.Timer(seconds, self._pass)
        self.timer.daemon = True

    def watch(self, connected: socket.socket) -> None:
        with self._lock:
            if self._passed:
                raise TimeoutError("no time left")
            self._socket = connected

    def _pass(self) -> None:
        with self._lock:
            self._passed = True
            if self._socket is not None:
                with suppress(OSError):
                    # Not a TLS socket's own, which would change what another thread is reading from.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Cut the connection of this thread's request once so many seconds have passed."""
    _own.deadline = mine = _Deadline(seconds)
    mine.timer.start()
    try:
        yield
    finally:
        mine.timer.cancel()
        _own.deadline = None


def watch(connected: socket.socket) -> None:
    """Say which connection the request of this thread uses. Raises TimeoutError where it is too late."""
    mine: _Deadline | None = getattr(_own, "deadline", None)
    if mine is not None:
        mine.watch(connected)
