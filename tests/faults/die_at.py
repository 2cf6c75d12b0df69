"""A delivery that dies: `python die_at.py <boundary> <signal number> [<queue>]`.

Runs the product's own delivery of the queue (progress) once, in the configuration of the
environment, and sends itself the signal at the boundary. Ends with code 3 if it never came there.
"""

import itertools
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, event

from tracker import config
from tracker.crypto import KeyRing
from tracker.notices.deliver import deliver
from tracker.runtime import start
from tracker.sms.port import Finding, Gateway, NotBegun, Outcome, Sms, Stop

# Boundary: what marks it, and which one of these it is. Statements and commits are counted from
# the start of the delivery; with the recording gateway the second commit is the provider's.
BOUNDARIES: dict[str, tuple[str, str | int]] = {
    "before the claim": ("before", "UPDATE notices"),
    "claimed, not committed": ("commit", 1),
    "claimed": ("gateway", "asked"),
    "claimed, numbers being opened": ("opened", ""),
    "accepted, not committed by the provider": ("commit", 2),
    "accepted": ("gateway", "answered"),
    "one of the batch recorded": ("after", "INSERT INTO notice_attempts"),
    "recorded, not committed": ("commit", 3),
    "second commit": ("commit", 2),
    "recorded": ("end", ""),
    "one of the batch sent": ("gateway", "one answered"),
}
# Of several batches at once: what marks it, and how many of these there must have been.
IN_LANES: dict[str, tuple[str, str, int]] = {
    "one batch done, another claimed": ("gateway", "asked", 2),
    "several batches claimed": ("gateway", "asked", 4),
    "several batches half sent": ("gateway", "one answered", 150),
    "one of several answered": ("gateway", "answered", 3),
    "one of several recorded": ("after", "INSERT INTO notice_attempts", 3),
    "several recorded": ("gateway", "asked", 7),
}


class WatchedGateway:
    """The real gateway, with a word before and after each call."""

    def __init__(self, real: Gateway, reached: Callable[[str, str], None]) -> None:
        self._real, self._reached = real, reached
        self.name, self.by_template = real.name, real.by_template

    def send(self, sms: Sms) -> Outcome:
        return self._real.send(sms)

    def send_many(self, batch: Sequence[Sms], *, until: Stop | None = None) -> list[Outcome | NotBegun]:
        self._reached("gateway", "asked")
        assert until is not None
        outcomes = self._real.send_many(batch, until=Told(until, self._reached))
        self._reached("gateway", "answered")
        return outcomes

    def find(self, sms: Sms, since: datetime) -> Finding:
        return self._real.find(sms, since)

    def close(self) -> None:
        self._real.close()


class Told:
    """What the batch is sent under, with a word after each answer."""

    def __init__(self, real: Stop, reached: Callable[[str, str], None]) -> None:
        self.reason, self._saw, self._reached = real.reason, real.saw, reached

    def saw(self, outcome: Outcome) -> None:
        self._reached("gateway", "one answered")
        self._saw(outcome)


def watch(engine: Engine, reached: Callable[[str, str], None]) -> None:
    """Tell of statements before and after they run, and of commits before they are asked for."""
    commits = itertools.count(1)

    @event.listens_for(engine, "before_cursor_execute")
    def before(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        reached("before", statement)

    @event.listens_for(engine, "after_cursor_execute")
    def after(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        reached("after", statement)

    @event.listens_for(engine, "commit")
    def commit(connection: Any) -> None:
        reached("commit", str(next(commits)))


def main(boundary: str, signal_number: int, queue: str = "progress") -> int:
    mark, detail, nth = IN_LANES.get(boundary) or (*BOUNDARIES[boundary], 1)
    passed = itertools.count(1)

    def reached(kind: str, what: str) -> None:
        here = str(detail) in what if kind in ("before", "after") else str(detail) == what
        if kind == mark and here and next(passed) == nth:
            os.kill(os.getpid(), signal_number)

    opened = KeyRing.open

    def open_and_tell(*args: Any) -> str:
        plain = opened(*args)
        reached("opened", "")
        return plain

    KeyRing.open = open_and_tell  # type: ignore[method-assign]
    run = start(config.load())
    run.__dict__["gateway"] = WatchedGateway(run.gateway, reached)
    # What a worker has read long since is no step of a delivery.
    run.reference.current()
    watch(run.db.engine, reached)
    deliver(run, queue)
    reached("end", "")
    run.close()
    return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
