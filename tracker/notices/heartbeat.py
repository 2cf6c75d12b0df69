"""Say that a scheduled job has come to its end, and see when one last did."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from tracker.notices.watch_models import Heartbeat

SWEEP = "sweep"

_beats = Heartbeat.__table__
_insert = insert(_beats)
_BEAT = _insert.on_conflict_do_update(
    index_elements=[_beats.c.job], set_={"finished_at": _insert.excluded.finished_at}
)
_LAST = select(_beats.c.finished_at).where(_beats.c.job == bindparam("job"))


def beat(connection: Connection, job: str, now: datetime) -> None:
    """Write down that `job` has ended now."""
    connection.execute(_BEAT, {"job": job, "finished_at": now})


def last_beat(connection: Connection, job: str) -> datetime | None:
    """When `job` last ended; None if it never did."""
    return connection.scalar(_LAST, {"job": job})


def is_late(last: datetime, interval: float, now: datetime) -> bool:
    """Whether a job that runs every `interval` seconds should have ended again by now."""
    return (now - last).total_seconds() > 5 * interval + 60
