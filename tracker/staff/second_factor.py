"""The second factor: codes of a phone (RFC 6238), and recovery codes for when it is lost."""

import secrets
from datetime import datetime

import pyotp
from sqlalchemy import Connection, delete, func, insert, select, update

from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.staff import lockout
from tracker.staff.models import Account, RecoveryCode
from tracker.staff.rules import RECOVERY_CODES, as_recovery_code, matching_step, recovery_code
from tracker.staff.sign_in import Person, Verdict

SECRET = "accounts.totp_secret"  # noqa: S105 - a column's name
_RECOVERY = "staff.recovery"


def new_secret() -> str:
    """A secret to share with a phone: 160 bits in base 32, as RFC 4226 asks."""
    return pyotp.random_base32()


def address_of(secret: str, username: str, issuer: str) -> str:
    """The secret as the address that authenticator apps read from a QR code (Key Uri Format)."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def enrol(
    connection: Connection, keys: KeyRing, person: Person, secret: str, code: str, now: datetime
) -> list[str] | None:
    """Share this secret with the phone that shows this code; ten recovery codes to show once.

    None, and nothing changed, where the code is wrong.
    """
    step = matching_step(secret, code, now)
    if step is None:
        return None
    connection.execute(
        update(Account)
        .where(Account.id == person.id)
        .values(totp_secret=keys.seal(secret, SECRET), totp_step=step, totp_since=now)
    )
    return renew_recovery_codes(connection, keys, person)


def renew_recovery_codes(connection: Connection, keys: KeyRing, person: Person) -> list[str]:
    """Ten new recovery codes, in place of any others; they can be shown now and never again."""
    connection.execute(delete(RecoveryCode).where(RecoveryCode.account_id == person.id))
    made = [recovery_code([secrets.randbelow(1 << 30) for _ in range(10)]) for _ in range(RECOVERY_CODES)]
    connection.execute(
        insert(RecoveryCode),
        [
            {
                "account_id": person.id,
                "operator_id": person.operator_id,
                "digest": _digest(keys, person.id, code),
            }
            for code in made
        ],
    )
    return made


def remove(connection: Connection, account_id: int) -> bool:
    """Ask no second factor of this account any more; whether it had one."""
    connection.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    found = connection.execute(
        update(Account)
        .where(Account.id == account_id, Account.totp_secret.is_not(None))
        .values(totp_secret=None, totp_step=None, totp_since=None)
        .returning(Account.id)
    )
    return found.one_or_none() is not None


def recovery_codes_left(connection: Connection, account_id: int) -> int:
    """How many recovery codes have not been used."""
    return (
        connection.scalar(
            select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
        )
        or 0
    )


def check_code(db: Database, keys: KeyRing, person: Person, typed: str, now: datetime) -> Verdict:
    """Whether it is the phone's code, not used before, or a recovery code that is left.

    A wrong one counts like a wrong password.
    """
    attempt = lockout.enter(db, lockout.key_of(keys, person.username), now)
    if attempt.refused or not _is_right(db, keys, person, typed, now):
        return Verdict(None, attempt.locked_until)
    lockout.take_back(db, attempt.key)
    return Verdict(person, None, True)


def _is_right(db: Database, keys: KeyRing, person: Person, typed: str, now: datetime) -> bool:
    written = as_recovery_code(typed)
    if written is not None:
        return _use_recovery_code(db, keys, person.id, written, now)
    with db.reading() as connection:
        sealed = connection.scalar(select(Account.totp_secret).where(Account.id == person.id))
    if sealed is None:
        return False
    step = matching_step(keys.open(bytes(sealed), SECRET), "".join(typed.split()), now)
    if step is None:
        return False
    # Of two that come with the same code at the same moment, one is let in.
    statement = (
        update(Account)
        .where(Account.id == person.id, func.coalesce(Account.totp_step, -1) < step)
        .values(totp_step=step)
        .returning(Account.id)
    )
    with db.at_once() as connection:
        return connection.execute(statement).one_or_none() is not None


def _use_recovery_code(db: Database, keys: KeyRing, account_id: int, code: str, now: datetime) -> bool:
    statement = (
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.digest == _digest(keys, account_id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.account_id)
    )
    with db.at_once() as connection:
        return connection.execute(statement).one_or_none() is not None


def _digest(keys: KeyRing, account_id: int, code: str) -> bytes:
    return keys.digest_of(_RECOVERY, f"{account_id}/{code}")
