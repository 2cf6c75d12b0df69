"""An operator's house with its people, and the forms of signing in as a browser sends them."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from tests.staff_sessions import PHONE_SECRET, give_phone, sign_in
from tracker import clock
from tracker.accounts.doer import Doer
from tracker.accounts.text_code import PHONE
from tracker.audit.models import AuditEntry
from tracker.clock import CITY_ZONE
from tracker.notices.drafts import SECRET
from tracker.notices.models import Notice
from tracker.runtime import Runtime
from tracker.staff.create_account import create_account
from tracker.staff.models import Account
from tracker.staff.rules import current_code

PASSWORD = "correct horse battery"
# A Tuesday.
NOW = datetime(2026, 11, 24, 8, 40, tzinfo=CITY_ZONE)


@dataclass
class Moment:
    """The time of a test, which it moves on."""

    now: datetime


@dataclass
class House:
    """An operator's house, with the people whom a test hires."""

    runtime: Runtime
    app: Any

    def hire(self, username: str, role: str = "counter", operator_id: int | None = 1, **more: Any) -> int:
        """An account with a phone on record; its id. Managers and administrators show codes."""
        number = more.pop("number", "13800005678")
        made = create_account(
            self.runtime.db,
            username=username,
            password=PASSWORD,
            role=role,
            display_name=more.pop("display_name", username),
            operator_id=operator_id,
            **more,
        )
        with self.runtime.db.transaction() as connection:
            connection.execute(
                update(Account)
                .where(Account.id == made)
                .values(phone=self.runtime.keys.seal(f"+86{number}", PHONE))
            )
        if role in ("manager", "administrator"):
            give_phone(self.runtime, username)
        return made

    def client(self, username: str | None = None) -> FlaskClient:
        """A browser, in which somebody is signed in if named."""
        made: FlaskClient = self.app.test_client()
        if username:
            sign_in(made, self.runtime, username)
        return made

    def by(self, username: str) -> Doer:
        """Somebody as the one who acts."""
        row = self.account(username)
        return Doer(f"staff:{username}", row.role, row.operator_id, row.id)

    def account(self, username: str) -> Any:
        """The row of somebody."""
        with self.runtime.db.reading() as connection:
            return connection.execute(select(Account.__table__).where(Account.username == username)).one()

    def code(self) -> str:
        """The code of the latest text."""
        with self.runtime.db.reading() as connection:
            sealed = connection.scalar(
                select(Notice.secret).where(Notice.template == "staff_code").order_by(Notice.id.desc())
            )
        assert sealed is not None
        return self.runtime.keys.open(bytes(sealed), SECRET)

    def texts(self) -> int:
        """How many codes were texted."""
        with self.runtime.db.reading() as connection:
            return connection.scalar(select(func.count()).where(Notice.template == "staff_code")) or 0

    def trail(self) -> list[tuple[str, str, str, list[str]]]:
        """Action, actor, subject and fields of each entry of the audit trail."""
        with self.runtime.db.reading() as connection:
            rows = connection.execute(select(AuditEntry.__table__).order_by(AuditEntry.id)).all()
        return [(one.action, one.actor, one.subject, list(one.fields)) for one in rows]


def post(client: FlaskClient, path: str, page: str | None = None, **data: str) -> Any:
    """Send a form with the token of the page that shows it."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page or path).text)
    assert found, page or path
    return client.post(path, data={**data, "csrf_token": found[1]})


def enter(client: FlaskClient, username: str, password: str = PASSWORD, path: str = "/sign-in") -> Any:
    """Give name and password."""
    return post(client, path, username=username, password=password)


def phone_code() -> str:
    """What everybody's phone shows now."""
    return current_code(PHONE_SECRET, clock.now())
