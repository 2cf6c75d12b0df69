"""What workers and sweeps do with a notice after a fault, run in the test's own process."""

import signal
import subprocess
import sys
from pathlib import Path

from hostile import HostileTwilio
from processes import Child
from sqlalchemy import select, text, update
from waiting import until

from tracker import clock
from tracker.notices.deliver import deliver
from tracker.notices.models import Notice
from tracker.notices.rules import State
from tracker.notices.sweep import sweep
from tracker.runtime import Runtime

_DRIVER = Path(__file__).with_name("die_at.py")
_CLOSED = (State.ACCEPTED, State.CALL, State.CANCELLED)


def driver(boundary: str, number: int, settings: dict[str, str], log: Path, queue: str = "progress") -> Child:
    """A delivery in a process of its own, which gets this signal at the boundary."""
    child = Child("delivery", [sys.executable, str(_DRIVER), boundary, str(number), queue], settings, log)
    child.start()
    return child


def deliver_and_die(boundary: str, settings: dict[str, str], log: Path, queue: str = "progress") -> None:
    """Run a delivery that kills itself at the boundary."""
    child = driver(boundary, signal.SIGKILL, settings, log, queue)
    assert child.process is not None
    try:
        code = child.process.wait(30)
    except subprocess.TimeoutExpired:
        child.kill()
        raise
    assert code == -signal.SIGKILL, f"{boundary}: ended with {code}\n{child.last_words()}"


def notices(runtime: Runtime) -> list[Notice]:
    """Every notice as it is now, oldest first."""
    with runtime.db.reading() as connection:
        rows = connection.execute(select(Notice.__table__).order_by(Notice.id))
        return [Notice(**row._asdict()) for row in rows]


def states(runtime: Runtime) -> set[str]:
    return {notice.state for notice in notices(runtime)}


def bring_forward(runtime: Runtime) -> None:
    """Let the wait before another attempt be over."""
    with runtime.db.transaction() as connection:
        connection.execute(update(Notice).where(Notice.state == State.CREATED).values(next_at=clock.now()))


def round_of(runtime: Runtime, queue: str = "progress") -> None:
    """A sweep, and a worker that heeds its ring."""
    sweep(runtime)
    deliver(runtime, queue)


def settle(runtime: Runtime, within: float = 15, queue: str = "progress") -> None:
    """Sweep and deliver until no notice has anything ahead of it."""

    def settled() -> bool:
        round_of(runtime, queue)
        return states(runtime) <= set(_CLOSED)

    until(
        "every notice has been settled",
        settled,
        within=within,
        else_say=lambda: str([(n.state, n.attempts, n.misses, n.reason) for n in notices(runtime)]),
    )


def recorded(runtime: Runtime) -> list[tuple[int, str]]:
    """Notice and body of every text that the recording gateway ever accepted."""
    with runtime.db.reading() as connection:
        rows = connection.execute(text("SELECT notice_id, body FROM recorded_texts ORDER BY notice_id"))
        return [(row.notice_id, row.body) for row in rows]


def assert_told_once(runtime: Runtime, provider: HostileTwilio) -> None:
    """Each notice is one message at the provider, and says which."""
    told = notices(runtime)
    assert [notice.state for notice in told] == [State.ACCEPTED] * len(told)
    assert {(n.provider_reference, n.body) for n in told} == {
        (m["sid"], m["body"]) for m in provider.messages
    }
    assert len(provider.messages) == len(told)
