"""Reference data that was read in one test and stands in the next: reading it takes as long as most tests do.

It goes by its revision, as in a process that serves: where anything of it has changed since, it is read anew.
"""

from tracker.reference import Reference
from tracker.runtime import Runtime

_read: dict[str, Reference] = {}


def lend(runtime: Runtime, url: str) -> None:
    """Let a runtime begin with what was read last from this database."""
    runtime.reference._copy = _read.get(url)


def take_back(runtime: Runtime, url: str) -> None:
    """Keep what a runtime has read last."""
    if (read := runtime.reference._copy) is not None:
        _read[url] = read
