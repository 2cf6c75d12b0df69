"""Tries at a name, counted in PostgreSQL, so that an emptied Redis unlocks nobody.

A try is counted before it is looked at, and taken back once it proved right: so of any number that come at
the same moment, no more are looked at than may be wrong.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, CursorResult, case, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.staff.models import SignInTry
from tracker.staff.rules import LOCKED_FOR, MOST_WRONG

_PURPOSE = "staff.tries"


@dataclass(frozen=True)
class Try:
    """The `number`th try in a row at a name, or one too many: then it is not to be looked at."""

    key: bytes
    number: int
    ends_at: datetime

    @property
    def refused(self) -> bool:
        """Whether the name was locked before this try."""
        return self.number > MOST_WRONG

    @property
    def locked_until(self) -> datetime | None:
        """Until when the name is locked, should this try be wrong or refused."""
        return self.ends_at if self.number >= MOST_WRONG else None


def key_of(keys: KeyRing, username: str) -> bytes:
    """By what a name is counted, known or not."""
    return keys.digest_of(_PURPOSE, username.casefold())


def enter(db: Database, key: bytes, now: datetime) -> Try:
    """Count a try. The fifth ends a quarter of an hour after itself; later ones prolong nothing."""
    new = insert(SignInTry).values(key=key, count=1, ends_at=now + LOCKED_FOR)
    over = SignInTry.ends_at <= now
    # A count that nobody could read any more must not run over.
    next_count = case((SignInTry.count > MOST_WRONG, SignInTry.count), else_=SignInTry.count + 1)
    statement = new.on_conflict_do_update(
        index_elements=[SignInTry.key],
        set_={
            "count": case((over, 1), else_=next_count),
            "ends_at": case(
                (or_(over, SignInTry.count < MOST_WRONG), new.excluded.ends_at), else_=SignInTry.ends_at
            ),
        },
    ).returning(SignInTry.count, SignInTry.ends_at)
    with db.at_once() as connection:
        row = connection.execute(statement).one()
    return Try(key, row.count, row.ends_at)


def take_back(db: Database, key: bytes) -> None:
    """A try was right, but is only half of what is asked."""
    with db.at_once() as connection:
        connection.execute(
            update(SignInTry)
            .where(SignInTry.key == key, SignInTry.count.between(1, MOST_WRONG))
            .values(count=SignInTry.count - 1)
        )


def forget(connection: Connection, key: bytes) -> bool:
    """Unlock a name: its owner is in, or somebody who may says so. Whether anything was counted."""
    found: CursorResult[Any] = connection.execute(delete(SignInTry).where(SignInTry.key == key))
    return found.rowcount > 0


def locked_among(connection: Connection, keys: list[bytes], now: datetime) -> dict[bytes, datetime]:
    """Those of these names that are locked, and until when."""
    rows = connection.execute(
        select(SignInTry.key, SignInTry.ends_at).where(
            SignInTry.key.in_(keys), SignInTry.count >= MOST_WRONG, SignInTry.ends_at > now
        )
    )
    return {bytes(row.key): row.ends_at for row in rows}
