"""Codes with which people choose a password, by text to the phone on record."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, update

from tracker import clock
from tracker.contacts.record_wish import PURPOSE as RECIPIENT
from tracker.notices.asked_for import may_ask_from
from tracker.notices.drafts import Wanted
from tracker.notices.models import Notice
from tracker.notices.plan_notices import plan_notices
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.sms.port import SECRET_SHOWN
from tracker.staff.models import StaffCode
from tracker.staff.rules import CODE_DIGITS, INVITATION_VALID, RESET_VALID

PHONE = "accounts.phone"
CODE_PURPOSE = "staff.code"
TEXT = "staff_code"
INVITATION, RESET = "invitation", "reset"

_VALID = {INVITATION: INVITATION_VALID, RESET: RESET_VALID}
_VALID_WORDS = {INVITATION: "3天", RESET: "30分钟"}


def text_code(
    connection: Connection,
    runtime: Runtime,
    account: Row[Any],
    kind: str,
    now: datetime,
    *,
    code_id: int | None = None,
) -> None:
    """Make a code for an account and plan its text; codes before it are good no longer.

    `code_id`: the row by which somebody has asked for it. Raises Refusal: person.disabled,
    person.console_only for an account of no operator, whose texts nobody would sign; person.no_phone;
    code.too_often.
    """
    if account.disabled_at is not None:
        raise Refusal(Fault("person.disabled"))
    if account.operator_id is None:
        raise Refusal(Fault("person.console_only"))
    if account.phone is None:
        raise Refusal(Fault("person.no_phone"))
    phone = runtime.keys.open(bytes(account.phone), PHONE)
    recipient = runtime.keys.digest_of(RECIPIENT, phone)
    free_at = may_ask_from(connection, recipient, Notice.template == TEXT, now)
    if free_at is not None:
        raise Refusal(Fault("code.too_often", "", {"at": clock.soon(free_at, now)}))
    made, code = make_code(connection, runtime, account, kind, now, code_id=code_id)
    reference = runtime.reference.current()
    text = Wanted(
        operator_id=account.operator_id,
        order_id=None,
        template=TEXT,
        language="zh",
        values={
            "code": SECRET_SHOWN,
            "duration": _VALID_WORDS[kind],
            "signature": reference.operators[account.operator_id].signature,
        },
        phone=phone,
        dedup_key=f"staff_code:{made}",
        secret=code,
    )
    plan_notices(connection, runtime, reference, [text], now)


def make_code(
    connection: Connection,
    runtime: Runtime,
    account: Row[Any],
    kind: str,
    now: datetime,
    *,
    code_id: int | None = None,
) -> tuple[int, str]:
    """A new code, which nobody is told; codes of the account before it are good no longer."""
    end_codes(connection, account.id, now)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    values = {
        "digest": runtime.keys.digest_of(CODE_PURPOSE, f"{account.id}/{code}"),
        "expires_at": now + valid_for(kind),
    }
    if code_id is not None:
        connection.execute(update(StaffCode).where(StaffCode.id == code_id).values(**values))
        return code_id, code
    row = {"operator_id": account.operator_id, "account_id": account.id, "kind": kind, "asked_at": now}
    made = connection.execute(insert(StaffCode).values(**row, **values).returning(StaffCode.id)).scalar_one()
    return made, code


def end_codes(connection: Connection, account_id: int, now: datetime) -> None:
    """Let no code that was made for an account be good any longer."""
    connection.execute(
        update(StaffCode)
        .where(
            StaffCode.account_id == account_id,
            StaffCode.ended_at.is_(None),
            StaffCode.digest.is_not(None),
        )
        .values(ended_at=now)
    )


def valid_for(kind: str) -> timedelta:
    """How long a code of this kind is good."""
    return _VALID[kind]
