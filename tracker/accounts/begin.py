"""Choose a password with a code that came by text, or from the console."""

import hmac
from datetime import datetime

from argon2 import PasswordHasher
from sqlalchemy import select, update

from tracker.accounts.text_code import CODE_PURPOSE
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.staff import lockout
from tracker.staff.models import Account, StaffCode
from tracker.staff.rules import CODE_TRIES, SHORTEST_PASSWORD, password_fault
from tracker.staff.sessions import end_sessions
from tracker.staff.sign_in import SHOWN, Person


def check_new_password(password: str, username: str, pointer: str = "/password") -> None:
    """Raises Refusal for a password that is too short, too common or like the name."""
    rule = password_fault(password, username)
    if rule is not None:
        raise Refusal(Fault(rule, pointer, {"shortest": SHORTEST_PASSWORD, "limit": 200}))


def begin(runtime: Runtime, username: str, code: str, password: str, now: datetime) -> Person | None:
    """The person, whose password it is from now on; None for a wrong, used or late code, or an unknown name.

    They are signed out everywhere, and a locked name is free again. Raises Refusal for a bad password, which
    uses up no try.
    """
    check_new_password(password, username)
    with runtime.db.reading() as connection:
        row = connection.execute(
            select(*SHOWN).where(Account.username == username.casefold(), Account.disabled_at.is_(None))
        ).one_or_none()
    account_id = 0 if row is None else row.id
    code_id = _use_try(runtime, account_id, code, now)
    if row is None or code_id is None:
        return None
    person = Person(*row)
    hashed = PasswordHasher().hash(password)
    with runtime.db.transaction() as connection:
        ended = connection.scalar(
            update(StaffCode)
            .where(StaffCode.id == code_id, StaffCode.ended_at.is_(None))
            .values(ended_at=now)
            .returning(StaffCode.id)
        )
        if ended is None:
            return None
        connection.execute(update(Account).where(Account.id == person.id).values(password_hash=hashed))
        end_sessions(connection, person.id, now)
        lockout.forget(connection, lockout.key_of(runtime.keys, person.username))
        append(
            connection,
            Action.CHANGED,
            operator_id=person.operator_id,
            actor=f"staff:{person.username}",
            subject=f"account:{person.id}",
            fields=("password",),
            why="chose a password with a code",
        )
    return person


def _use_try(runtime: Runtime, account_id: int, code: str, now: datetime) -> int | None:
    """The id of the code that was typed, if it is right; counted before it is compared."""
    statement = (
        update(StaffCode)
        .where(
            StaffCode.account_id == account_id,
            StaffCode.digest.is_not(None),
            StaffCode.ended_at.is_(None),
            StaffCode.expires_at > now,
            StaffCode.tries < CODE_TRIES,
        )
        .values(tries=StaffCode.tries + 1)
        .returning(StaffCode.id, StaffCode.digest)
    )
    typed = runtime.keys.digest_of(CODE_PURPOSE, f"{account_id}/{''.join(code.split())}")
    with runtime.db.at_once() as connection:
        found = connection.execute(statement).all()
    right = [row.id for row in found if hmac.compare_digest(bytes(row.digest), typed)]
    return right[0] if right else None
