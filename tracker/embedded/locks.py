"""File locks. The kernel drops them when the last process that holds the descriptor ends, however it ends."""

import fcntl
import os
import time
from pathlib import Path

from tracker.embedded.errors import EmbeddedError


def beside(folder: Path) -> Path:
    """The lock of a server's folder, held by the server and all its children."""
    return folder.with_name(folder.name + ".lock")


def take(path: Path) -> int | None:
    """Take the lock and return the descriptor that holds it; None when another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def take_soon(path: Path, seconds: float) -> int:
    """Take the lock, waiting for it a while. Raises EmbeddedError when it does not become free."""
    deadline = time.monotonic() + seconds
    while True:
        descriptor = take(path)
        if descriptor is not None:
            return descriptor
        if time.monotonic() > deadline:
            raise EmbeddedError(f"a process of an earlier run still holds {path}")
        time.sleep(0.05)


def is_held(path: Path) -> bool:
    """Whether some process holds the lock. Raises EmbeddedError if the lock is another user's."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError:
        raise EmbeddedError(f"the data folder {path.parent} belongs to another user") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
