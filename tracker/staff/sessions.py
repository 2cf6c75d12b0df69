"""Sessions on the server: a device holds a random token, and the row of its digest says whether it counts."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, CursorResult, Row, delete, insert, select, update

from tracker.db import Database
from tracker.staff.models import Account, StaffSession
from tracker.staff.rules import LONGEST_SESSION, SEEN_EVERY, is_alive
from tracker.staff.sign_in import SHOWN, Person

_TOKEN_BYTES = 32
# Long enough for somebody to ask who was in last week.
_KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Session:
    """A person on a device."""

    id: int
    person: Person


def begin_session(connection: Connection, person: Person, device: str, now: datetime) -> str:
    """A new session; the token for the device, which is kept nowhere here."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    connection.execute(
        insert(StaffSession).values(
            operator_id=person.operator_id,
            account_id=person.id,
            digest=_digest(token),
            device=device,
            begun_at=now,
            seen_at=now,
            expires_at=now + LONGEST_SESSION,
        )
    )
    return token


def find_session(db: Database, token: str, now: datetime) -> Session | None:
    """Whose session this is; None once it is over or the account disabled. Notes that it was used."""
    statement = (
        select(
            *SHOWN,
            StaffSession.id.label("session_id"),
            StaffSession.seen_at,
            StaffSession.expires_at,
            StaffSession.ended_at,
        )
        .join(StaffSession, StaffSession.account_id == Account.id)
        .where(StaffSession.digest == _digest(token), Account.disabled_at.is_(None))
    )
    with db.reading() as connection:
        row = connection.execute(statement).one_or_none()
        if row is None or not is_alive(row.role, row.seen_at, row.expires_at, row.ended_at, now):
            return None
        if now - row.seen_at >= SEEN_EVERY:
            connection.execute(
                update(StaffSession)
                .where(StaffSession.id == row.session_id, StaffSession.seen_at < now)
                .values(seen_at=now)
            )
    return Session(row.session_id, Person(*row[:5]))


def end_session(connection: Connection, account_id: int, session_id: int, now: datetime) -> bool:
    """Sign one of somebody's devices out; whether it was in."""
    return _end(connection, now, StaffSession.account_id == account_id, StaffSession.id == session_id) > 0


def end_sessions(connection: Connection, account_id: int, now: datetime, *, but: int | None = None) -> int:
    """Sign somebody out everywhere, `but` on one device; returns how many sessions that were."""
    which = [StaffSession.account_id == account_id]
    if but is not None:
        which.append(StaffSession.id != but)
    return _end(connection, now, *which)


def sessions_of(connection: Connection, person: Person, now: datetime) -> Sequence[Row[Any]]:
    """Where somebody is signed in, the last seen first."""
    rows = connection.execute(
        select(
            StaffSession.id,
            StaffSession.device,
            StaffSession.begun_at,
            StaffSession.seen_at,
            StaffSession.expires_at,
            StaffSession.ended_at,
        )
        .where(StaffSession.account_id == person.id, StaffSession.ended_at.is_(None))
        .order_by(StaffSession.seen_at.desc(), StaffSession.id.desc())
    ).all()
    return [row for row in rows if is_alive(person.role, row.seen_at, row.expires_at, row.ended_at, now)]


def forget_sessions(connection: Connection, now: datetime) -> int:
    """Delete what nobody asks about any more; returns how many."""
    old = delete(StaffSession).where(StaffSession.expires_at < now - _KEPT_FOR)
    found: CursorResult[Any] = connection.execute(old)
    return found.rowcount


def _end(connection: Connection, now: datetime, *which: Any) -> int:
    statement = update(StaffSession).where(StaffSession.ended_at.is_(None), *which).values(ended_at=now)
    found: CursorResult[Any] = connection.execute(statement)
    return found.rowcount


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
