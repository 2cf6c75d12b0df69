"""Log files that stay small, and their last words."""

import os
from pathlib import Path

LIMIT_BYTES = 8 * 1024 * 1024


def open_log(path: Path) -> int:
    """Open a log to append to and return its descriptor; a big one is first put aside as `<name>.1`."""
    try:
        if path.stat().st_size > LIMIT_BYTES:
            path.replace(path.with_name(path.name + ".1"))
    except FileNotFoundError:
        pass
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    return os.open(path, flags, 0o600)


def last_words(path: Path, *, since: int = 0, lines: int = 5) -> str:
    """The last lines written after position `since`, joined by ` | `; empty when there are none."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(min(since, end), end - 4096))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return " | ".join([line.strip() for line in text.splitlines() if line.strip()][-lines:])
