"""Disable somebody and let them in again, unlock them, sign them out, send a code: one act each."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, update

from tracker import clock
from tracker.accounts.doer import Doer
from tracker.accounts.locking import keep_one_administrator, keep_out_of_self, locked_account
from tracker.accounts.text_code import INVITATION, RESET, end_codes, make_code, text_code
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.staff import lockout, second_factor
from tracker.staff.models import Account
from tracker.staff.sessions import end_sessions

_Act = Callable[[Connection, Row[Any], datetime], None]


def disable_account(runtime: Runtime, by: Doer, account_id: int) -> None:
    """Let somebody in no more, from this moment on. Raises Refusal: person.not_found, person.self,
    person.last_administrator.
    """

    def act(connection: Connection, row: Row[Any], now: datetime) -> None:
        keep_out_of_self(by, row)
        keep_one_administrator(connection, row)
        _set(connection, row, disabled_at=row.disabled_at or now)
        end_sessions(connection, row.id, now)
        end_codes(connection, row.id, now)

    _do(runtime, by, account_id, act, Action.REVOKED, "account", "disabled")


def enable_account(runtime: Runtime, by: Doer, account_id: int) -> None:
    """Let somebody in again, with the password they had. Raises Refusal person.not_found."""

    def act(connection: Connection, row: Row[Any], now: datetime) -> None:
        _set(connection, row, disabled_at=None)

    _do(runtime, by, account_id, act, Action.GRANTED, "account", "enabled")


def unlock_account(runtime: Runtime, by: Doer, account_id: int) -> None:
    """Forget somebody's wrong tries. Raises Refusal person.not_found."""

    def act(connection: Connection, row: Row[Any], now: datetime) -> None:
        lockout.forget(connection, lockout.key_of(runtime.keys, row.username))

    _do(runtime, by, account_id, act, Action.GRANTED, "lock", "unlocked")


def sign_out_everywhere(runtime: Runtime, by: Doer, account_id: int) -> None:
    """End every session of somebody. Raises Refusal person.not_found."""

    def act(connection: Connection, row: Row[Any], now: datetime) -> None:
        end_sessions(connection, row.id, now)

    _do(runtime, by, account_id, act, Action.REVOKED, "sessions", "signed out everywhere")


def remove_second_factor(runtime: Runtime, by: Doer, account_id: int) -> None:
    """Whoever has lost the phone enrols another, at the next sign-in if the role needs one. They are signed
    out. Raises Refusal: person.not_found, person.self (one's own is changed with one's password).
    """

    def act(connection: Connection, row: Row[Any], now: datetime) -> None:
        keep_out_of_self(by, row)
        second_factor.remove(connection, row.id)
        end_sessions(connection, row.id, now)

    _do(runtime, by, account_id, act, Action.REVOKED, "second_factor", "second factor removed")


def send_reset(runtime: Runtime, by: Doer, account_id: int) -> None:
    """Text somebody a code to choose a password with; who never had one is invited anew.

    Raises Refusal: person.not_found, and what stands against a text.
    """

    def act(connection: Connection, row: Row[Any], now: datetime) -> None:
        text_code(connection, runtime, row, RESET if row.password_hash else INVITATION, now)

    _do(runtime, by, account_id, act, Action.GRANTED, "password", "code by text")


def print_reset(runtime: Runtime, by: Doer, account_id: int) -> str:
    """A code to tell somebody in person, for whom no text can be sent. Raises Refusal: person.not_found,
    person.disabled.
    """
    made = []

    def act(connection: Connection, row: Row[Any], now: datetime) -> None:
        if row.disabled_at is not None:
            raise Refusal(Fault("person.disabled"))
        made.append(make_code(connection, runtime, row, RESET, now)[1])

    _do(runtime, by, account_id, act, Action.GRANTED, "password", "code at the console")
    return made[0]


def _do(runtime: Runtime, by: Doer, account_id: int, act: _Act, action: Action, field: str, why: str) -> None:
    with runtime.db.transaction() as connection:
        row = locked_account(connection, by, account_id)
        act(connection, row, clock.now())
        append(
            connection,
            action,
            operator_id=row.operator_id,
            actor=by.actor,
            subject=f"account:{row.id}",
            fields=(field,),
            why=why,
        )


def _set(connection: Connection, row: Row[Any], **values: Any) -> None:
    connection.execute(update(Account).where(Account.id == row.id).values(**values))
