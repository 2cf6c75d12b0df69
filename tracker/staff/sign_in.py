"""Who somebody is, by name and password."""

from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Connection, select

from tracker.db import Database
from tracker.staff.models import Account


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in. `operator_id` is None for those who see all operators' totals."""

    id: int
    username: str
    display_name: str
    role: str
    operator_id: int | None


_SHOWN = (Account.id, Account.username, Account.display_name, Account.role, Account.operator_id)


def sign_in(db: Database, username: str, password: str) -> Person | None:
    """The person of this name and password; None for a wrong one, in the same time for every reason."""
    with db.reading() as connection:
        row = connection.execute(
            select(*_SHOWN, Account.password_hash).where(
                Account.username == username.casefold(), Account.disabled_at.is_(None)
            )
        ).one_or_none()
    try:
        PasswordHasher().verify(row.password_hash if row else _nobodys_hash(), password)
    except (VerifyMismatchError, InvalidHashError):
        return None
    return None if row is None else Person(*row[:5])


def person(connection: Connection, account_id: int) -> Person | None:
    """Somebody by id, as the session remembers; None once the account is disabled."""
    row = connection.execute(
        select(*_SHOWN).where(Account.id == account_id, Account.disabled_at.is_(None))
    ).one_or_none()
    return None if row is None else Person(*row)


@cache
def _nobodys_hash() -> str:
    """Checked against where there is no such name, so that its absence takes as long to find out."""
    return PasswordHasher().hash("nobody has this password")
