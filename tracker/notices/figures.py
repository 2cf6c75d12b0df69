"""What watching the system needs to know of notices, at a cost that does not grow with their number."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from tracker.notices.call_models import CallTask
from tracker.notices.heartbeat import SWEEP, last_beat
from tracker.notices.models import Notice
from tracker.notices.rules import QUEUES, State
from tracker.notices.watch_models import Tally

# What waits is counted along its index, and no further than this.
COUNT_LIMIT = 100_000


@dataclass(frozen=True)
class Figures:
    """Now: what waits, by queue or state, in numbers and seconds. Since the beginning: totals by name.

    `sweep_age` is None while no sweep has ended yet.
    """

    due: Mapping[str, int]
    oldest_due: Mapping[str, float]
    waiting: Mapping[str, int]
    calls: Mapping[str, int]
    sweep_age: float | None
    totals: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def _counted(wanted: Select[Any]) -> Select[Any]:
    return select(func.count()).select_from(wanted.limit(COUNT_LIMIT).subquery())


_now = bindparam("now", type_=Notice.__table__.c.next_at.type)
_QUEUED = select(Notice.id).where(Notice.state == State.CREATED, Notice.queue == bindparam("queue"))
_ALL_QUEUED = _counted(_QUEUED)
_DUE = _counted(_QUEUED.where(Notice.next_at <= _now))
_OLDEST = (
    select(Notice.next_at)
    .where(Notice.state == State.CREATED, Notice.queue == bindparam("queue"), Notice.next_at <= _now)
    .order_by(Notice.next_at)
    .limit(1)
)
_OPEN_CALLS = select(CallTask.id).where(CallTask.closed_at.is_(None))
_WAITING = {
    State.SENDING: _counted(select(Notice.id).where(Notice.state == State.SENDING)),
    State.UNKNOWN: _counted(select(Notice.id).where(Notice.state == State.UNKNOWN)),
}
_CALLS = {"open": _counted(_OPEN_CALLS), "overdue": _counted(_OPEN_CALLS.where(CallTask.due_at < _now))}
_TOTALS = select(Tally.name, Tally.label, func.sum(Tally.total)).group_by(Tally.name, Tally.label)


def oldest_due(connection: Connection, now: datetime) -> dict[str, float]:
    """How many seconds the oldest due text of each queue has waited."""
    waited = {}
    for queue in QUEUES:
        first = connection.scalar(_OLDEST, {"queue": queue, "now": now})
        waited[queue] = (now - first).total_seconds() if first is not None else 0.0
    return waited


def figures(connection: Connection, now: datetime) -> Figures:
    """All of them, in a dozen small reads."""

    def number(wanted: Select[Any], **given: object) -> int:
        return connection.scalar(wanted, given) or 0

    waiting = {State.CREATED.value: sum(number(_ALL_QUEUED, queue=queue) for queue in QUEUES)}
    waiting |= {state.value: number(wanted) for state, wanted in _WAITING.items()}
    last = last_beat(connection, SWEEP)
    totals: dict[str, dict[str, float]] = {}
    for name, label, total in connection.execute(_TOTALS):
        totals.setdefault(name, {})[label] = total
    return Figures(
        due={queue: number(_DUE, queue=queue, now=now) for queue in QUEUES},
        oldest_due=oldest_due(connection, now),
        waiting=waiting,
        calls={name: number(wanted, now=now) for name, wanted in _CALLS.items()},
        sweep_age=(now - last).total_seconds() if last is not None else None,
        totals=totals,
    )
