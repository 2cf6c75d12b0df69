"""Devices that tests sign in on, without the forms: a session that neither hours nor days of a test end."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from tracker.runtime import Runtime
from tracker.staff.models import Account, StaffSession
from tracker.staff.second_factor import SECRET

# What the phone of everybody in tests shares with the service.
PHONE_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_ALWAYS = datetime(9000, 1, 1, tzinfo=UTC)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def give_phone(runtime: Runtime, username: str) -> None:
    """Let somebody's phone show codes: `rules.current_code(PHONE_SECRET, now)`."""
    with runtime.db.transaction() as connection:
        connection.execute(
            update(Account)
            .where(Account.username == username)
            .values(totp_secret=runtime.keys.seal(PHONE_SECRET, SECRET), totp_since=_LONG_AGO)
        )


def token_for(runtime: Runtime, username: str) -> str:
    """A session of somebody that lasts as long as the test, whatever its clock says."""
    token = secrets.token_urlsafe(16)
    with runtime.db.transaction() as connection:
        account = connection.execute(
            select(Account.id, Account.operator_id).where(Account.username == username)
        ).one()
        connection.execute(
            insert(StaffSession).values(
                account_id=account.id,
                operator_id=account.operator_id,
                digest=sha256(token.encode()).digest(),
                device="Test",
                begun_at=_LONG_AGO,
                seen_at=_ALWAYS,
                expires_at=_ALWAYS,
            )
        )
    return token


def sign_in(client: FlaskClient, runtime: Runtime, username: str) -> None:
    """Let a client be somebody."""
    with client.session_transaction() as kept:
        kept.clear()
        kept.update(_held(token_for(runtime, username)))


def cookie_for(runtime: Runtime, username: str) -> str:
    """The cookie `session` of a browser that is somebody's."""
    app = Flask(__name__)
    app.secret_key = runtime.config.secret_key
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    cookie = signer.dumps({**_held(token_for(runtime, username)), "_permanent": True})
    return cookie if isinstance(cookie, str) else cookie.decode()


def _held(token: str) -> Mapping[str, Any]:
    return {"_user_id": token, "_fresh": True}
