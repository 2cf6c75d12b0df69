"""Who somebody is: by name and password, then by a second factor."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Row, select, update

from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.staff import lockout
from tracker.staff.models import Account


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in. `operator_id` is None for those who see all operators' totals."""

    id: int
    username: str
    display_name: str
    role: str
    operator_id: int | None


@dataclass(frozen=True)
class Verdict:
    """Whether a name and a password belong together.

    `person` is None where they do not; then `locked_until` says since when and until when nobody is let in
    under this name, if so. `has_second_factor`: a code is asked for besides.
    """

    person: Person | None
    locked_until: datetime | None = None
    has_second_factor: bool = False


SHOWN = (Account.id, Account.username, Account.display_name, Account.role, Account.operator_id)


def sign_in(db: Database, keys: KeyRing, username: str, password: str, now: datetime) -> Verdict:
    """The person of this name and password; the same work for every reason why there is none.

    A right password is no sign-in yet: wrong tries are forgotten only once the person is wholly in.
    """
    attempt = lockout.enter(db, lockout.key_of(keys, username), now)
    if attempt.refused:
        return Verdict(None, attempt.locked_until)
    with db.reading() as connection:
        row = connection.execute(
            select(*SHOWN, Account.password_hash, Account.disabled_at, Account.totp_secret).where(
                Account.username == username.casefold()
            )
        ).one_or_none()
    if not _is_right(row, password) or row is None or row.disabled_at is not None:
        return Verdict(None, attempt.locked_until)
    lockout.take_back(db, attempt.key)
    _hash_anew(db, row, password)
    return Verdict(Person(*row[:5]), None, row.totp_secret is not None)


def person_of(db: Database, account_id: int) -> tuple[Person, str, bool] | None:
    """Somebody by id, their password's hash, and whether they have a second factor; None once disabled."""
    with db.reading() as connection:
        row = connection.execute(
            select(*SHOWN, Account.password_hash, Account.totp_secret).where(
                Account.id == account_id, Account.disabled_at.is_(None)
            )
        ).one_or_none()
    return None if row is None else (Person(*row[:5]), row.password_hash, row.totp_secret is not None)


def _is_right(row: Row[tuple[object, ...]] | None, password: str) -> bool:
    """Whether the password is the account's; takes as long where there is no account, or no password."""
    known = row.password_hash if row is not None and row.password_hash else _nobodys_hash()
    try:
        return PasswordHasher().verify(known, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _hash_anew(db: Database, row: Row[tuple[object, ...]], password: str) -> None:
    """What is thought strong enough changes over the years; only now is the password at hand."""
    hasher = PasswordHasher()
    if not hasher.check_needs_rehash(row.password_hash):
        return
    with db.at_once() as connection:
        connection.execute(
            update(Account)
            .where(Account.id == row.id, Account.password_hash == row.password_hash)
            .values(password_hash=hasher.hash(password))
        )


@cache
def _nobodys_hash() -> str:
    """Checked against where there is no such name, so that its absence takes as long to find out."""
    return PasswordHasher().hash("nobody has this password")
