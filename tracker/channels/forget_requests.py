"""Forget what was remembered of requests, once nobody can repeat them any more."""

import time
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, Table, bindparam, delete, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute

from tracker import clock
from tracker.channels.models import IdempotencyRecord, UsedNonce
from tracker.db import Database
from tracker.queueing import STOPPING

# What a caller is told (docs/channels.md).
ANSWERS_KEPT = timedelta(days=7)
# A signature is good for five minutes either way; clocks of several machines may differ besides.
NONCES_KEPT = timedelta(hours=1)

_CHUNK = 5_000
_LONGEST_SECONDS = 60.0


def forget_requests(db: Database) -> int:
    """Delete the answers and nonces that are past their time; returns how many.

    In small transactions, and for a minute at most: what is left is for the next round.
    """
    now, end = clock.now(), time.monotonic() + _LONGEST_SECONDS
    return _forget(db, UsedNonce.used_at, now - NONCES_KEPT, end) + _forget(
        db, IdempotencyRecord.created_at, now - ANSWERS_KEPT, end
    )


def _forget(db: Database, at: InstrumentedAttribute[datetime], before: datetime, end: float) -> int:
    table: Table = at.class_.__table__
    place = literal_column("ctid")
    oldest = select(place).select_from(table).where(at < bindparam("before")).order_by(at).limit(_CHUNK)
    chunk = delete(table).where(place == func.any(func.array(oldest.scalar_subquery())))
    total = 0
    while time.monotonic() < end and not STOPPING.is_set():
        with db.transaction() as connection:
            result: CursorResult[object] = connection.execute(chunk, {"before": before})
        total += result.rowcount
        if result.rowcount < _CHUNK:
            break
    return total
