"""What everybody does to their own account: another password, the second factor, recovery codes.

Each asks for the present password, so that an open desk gives nobody an account for good.
"""

from datetime import datetime

from argon2 import PasswordHasher
from sqlalchemy import Connection, update

from tracker import clock
from tracker.accounts.begin import check_new_password
from tracker.accounts.text_code import end_codes
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.staff import second_factor
from tracker.staff.models import Account
from tracker.staff.rules import NEEDS_SECOND_FACTOR
from tracker.staff.sessions import begin_session, end_sessions
from tracker.staff.sign_in import Person, sign_in


def prove(runtime: Runtime, person: Person, password: str, now: datetime, pointer: str = "/old") -> None:
    """Raises Refusal password.wrong, or sign_in.locked after too many of them."""
    verdict = sign_in(runtime.db, runtime.keys, person.username, password, now)
    if verdict.locked_until is not None:
        raise Refusal(Fault("sign_in.locked", pointer, {"at": clock.soon(verdict.locked_until, now)}))
    if verdict.person is None:
        raise Refusal(Fault("password.wrong", pointer))


def change_password(runtime: Runtime, person: Person, old: str, new: str, device: str, now: datetime) -> str:
    """Every session ends, and so does a code by text; a new session begins on this device: its token.

    Raises Refusal: password.wrong, sign_in.locked, and what a password must not be.
    """
    check_new_password(new, person.username, "/new")
    prove(runtime, person, old, now)
    hashed = PasswordHasher().hash(new)
    with runtime.db.transaction() as connection:
        connection.execute(update(Account).where(Account.id == person.id).values(password_hash=hashed))
        end_sessions(connection, person.id, now)
        end_codes(connection, person.id, now)
        _note(connection, person, Action.CHANGED, "password", "changed their own password")
        return begin_session(connection, person, device, now)


def enrol_second_factor(runtime: Runtime, person: Person, secret: str, code: str, now: datetime) -> list[str]:
    """Ten recovery codes to show once. Raises Refusal second_factor.wrong_code."""
    with runtime.db.transaction() as connection:
        codes = second_factor.enrol(connection, runtime.keys, person, secret, code, now)
        if codes is None:
            raise Refusal(Fault("second_factor.wrong_code", "/code"))
        _note(connection, person, Action.CHANGED, "second_factor", "enrolled a phone")
    return codes


def drop_second_factor(runtime: Runtime, person: Person, password: str, now: datetime) -> None:
    """Raises Refusal: second_factor.needed for a role that must have one, password.wrong, sign_in.locked."""
    if person.role in NEEDS_SECOND_FACTOR:
        raise Refusal(Fault("second_factor.needed"))
    prove(runtime, person, password, now)
    with runtime.db.transaction() as connection:
        second_factor.remove(connection, person.id)
        _note(connection, person, Action.CHANGED, "second_factor", "turned their second factor off")


def new_recovery_codes(runtime: Runtime, person: Person, password: str, now: datetime) -> list[str]:
    """Ten recovery codes in place of the old ones. Raises Refusal: password.wrong, sign_in.locked."""
    prove(runtime, person, password, now)
    with runtime.db.transaction() as connection:
        codes = second_factor.renew_recovery_codes(connection, runtime.keys, person)
        _note(connection, person, Action.CHANGED, "recovery_codes", "made new recovery codes")
    return codes


def _note(connection: Connection, person: Person, action: Action, field: str, why: str) -> None:
    append(
        connection,
        action,
        operator_id=person.operator_id,
        actor=f"staff:{person.username}",
        subject=f"account:{person.id}",
        fields=(field,),
        why=why,
    )
