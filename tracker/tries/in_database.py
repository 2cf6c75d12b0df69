"""Tries counted in PostgreSQL: wrong ones always, the rest while Redis is away."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, CursorResult, bindparam, case, delete, or_, select
from sqlalchemy.dialects.postgresql import Insert, insert

from tracker import clock
from tracker.db import Database
from tracker.tries.models import LookupTry
from tracker.tries.rules import LOCKED_FOR, MOST_WRONG, Count


def _counting(*, prolong_below: int) -> Insert:
    """One try more. Those before the `prolong_below`th give their end up for a later one."""
    new = insert(LookupTry).values(
        key=bindparam("key"), count=1, ends_at=bindparam("ends_at", type_=LookupTry.ends_at.type)
    )
    over = LookupTry.ends_at <= bindparam("now", type_=LookupTry.ends_at.type)
    return new.on_conflict_do_update(
        index_elements=[LookupTry.key],
        set_={
            "count": case((over, 1), else_=LookupTry.count + 1),
            "ends_at": case(
                (or_(over, LookupTry.count < prolong_below), new.excluded.ends_at), else_=LookupTry.ends_at
            ),
        },
    ).returning(LookupTry.count, LookupTry.ends_at)


def _lock_of(key: Any) -> Any:
    return select(LookupTry.ends_at).where(LookupTry.key == key, LookupTry.count >= MOST_WRONG)


# Built once: putting a statement together costs more than PostgreSQL takes to run it.
_WRONG = _counting(prolong_below=MOST_WRONG)
_COUNTED = _counting(prolong_below=0).cte("counted")
_ENTER = select(
    _COUNTED.c.count,
    _COUNTED.c.ends_at,
    _lock_of(bindparam("guarded")).scalar_subquery().label("locked_until"),
)
_LOCKS = select(LookupTry.key, LookupTry.ends_at).where(
    LookupTry.count >= MOST_WRONG, LookupTry.ends_at > bindparam("now")
)


def enter(
    db: Database, caller: bytes, length: timedelta, guarded: bytes, now: datetime
) -> tuple[Count, datetime | None]:
    """Count a try of this caller, whose count lasts so long; also until when what it tries is locked."""
    given = {"key": caller, "ends_at": now + length, "now": now, "guarded": guarded}
    with db.at_once() as connection:
        row = connection.execute(_ENTER, given).one()
    return Count(row.count, row.ends_at), row.locked_until


def count_wrong(db: Database, guarded: bytes, now: datetime) -> Count:
    """Count a wrong try; from the `MOST_WRONG`th on it is locked until the count's end."""
    with db.at_once() as connection:
        row = connection.execute(_WRONG, {"key": guarded, "ends_at": now + LOCKED_FOR, "now": now}).one()
    return Count(row.count, row.ends_at)


def locks(connection: Connection, now: datetime) -> Sequence[tuple[bytes, datetime]]:
    """What is locked, and until when."""
    return [(bytes(row.key), row.ends_at) for row in connection.execute(_LOCKS, {"now": now})]


def forget_tries(db: Database) -> int:
    """Delete the counts that have ended; returns how many."""
    with db.transaction() as connection:
        result: CursorResult[Any] = connection.execute(
            delete(LookupTry).where(LookupTry.ends_at <= clock.now())
        )
    return result.rowcount
