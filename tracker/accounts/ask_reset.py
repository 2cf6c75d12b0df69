"""Somebody has forgotten the password, and asks for a code by the name alone.

Whether the name is anybody's must not show, not even in how long the answer takes. So the page writes one row
and rings, whatever was typed, and a worker finds out what to do about it.
"""

from datetime import datetime

import structlog
from sqlalchemy import delete, insert, select

from tracker import clock
from tracker.accounts.text_code import RESET, text_code
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.crypto import UnreadableError
from tracker.problems import Refusal
from tracker.queueing import REQUESTS
from tracker.runtime import Runtime
from tracker.staff.models import Account, StaffCode

log = structlog.get_logger(__name__)

SEND = "workers.jobs.send_staff_codes"
_AT_A_TIME = 50


def ask_reset(runtime: Runtime, username: str, now: datetime) -> None:
    """Write down that somebody of this name, if there is one, wants a code."""
    theirs = select(Account.id).where(Account.username == username.casefold())
    operator = select(Account.operator_id).where(Account.username == username.casefold())
    with runtime.db.at_once() as connection:
        connection.execute(
            insert(StaffCode).values(
                account_id=theirs.scalar_subquery(),
                operator_id=operator.scalar_subquery(),
                kind=RESET,
                asked_at=now,
            )
        )
    runtime.bell.ring(REQUESTS, SEND, one_is_enough=True)


def send_staff_codes(runtime: Runtime) -> int:
    """Text the codes that were asked for, as far as they may be; returns how many. Safe to run twice."""
    sent = 0
    while True:
        with runtime.db.transaction() as connection:
            due = connection.execute(
                select(StaffCode.id, StaffCode.account_id)
                .where(StaffCode.digest.is_(None))
                .order_by(StaffCode.id)
                .limit(_AT_A_TIME)
                .with_for_update(skip_locked=True)
            ).all()
            for row in due:
                sent += _send(runtime, row.id, row.account_id)
        if len(due) < _AT_A_TIME:
            return sent


def _send(runtime: Runtime, code_id: int, account_id: int | None) -> bool:
    with runtime.db.transaction() as connection:
        account = connection.execute(
            select(Account.__table__).where(Account.id == account_id).with_for_update()
        ).one_or_none()
        try:
            if account is not None:
                text_code(connection, runtime, account, RESET, clock.now(), code_id=code_id)
                append(
                    connection,
                    Action.GRANTED,
                    operator_id=account.operator_id,
                    actor=f"staff:{account.username}",
                    subject=f"account:{account.id}",
                    fields=("password",),
                    why="forgot the password: code by text",
                )
                return True
        except Refusal as refusal:
            # Nobody is told: whoever asked may be anybody.
            log.info("staff_code_refused", code_id=code_id, rule=refusal.faults[0].rule)
        except UnreadableError:
            # Whoever asked later must not wait for a phone that no key of ours opens.
            log.error("staff_code_unreadable", code_id=code_id, account_id=account_id)
        connection.execute(delete(StaffCode).where(StaffCode.id == code_id))
    return False
