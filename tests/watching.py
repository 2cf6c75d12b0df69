"""What is at risk for an operator, and who has been told, as time goes by."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text, update

from tests.desk_work import Book
from tracker import clock
from tracker.at_risk.queries import Wanted, list_at_risk
from tracker.at_risk.read_rules import rules_in_force
from tracker.at_risk.rules import Rules
from tracker.runtime import Runtime
from tracker.staff.create_account import create_account
from tracker.staff.models import Account

# Wednesday, 10:00 in Qingyuan: a home in a town is promised for Friday, 10:00.
WEDNESDAY = datetime(2026, 11, 25, 2, tzinfo=UTC)


@dataclass
class Watch:
    """What is at risk for an operator, and who has been told, as time goes by."""

    run: Runtime
    operator_id: int
    book: Book
    now: datetime = WEDNESDAY
    hired: dict[str, int] = field(default_factory=dict)

    def pass_hours(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    def rows(self, wanted: Wanted | None = None, rules: Rules | None = None) -> Sequence[Any]:
        with self.run.db.reading() as connection:
            used = rules or rules_in_force(connection, self.operator_id).rules
            return list_at_risk(
                connection, self.operator_id, used, wanted or Wanted(), clock.now(), limit=200
            )[0]

    def risks(self, number: str) -> list[str]:
        """Why an order is at risk; empty where it is not."""
        return next((row.risks for row in self.rows() if row.number == number), [])

    def hire(self, username: str, role: str, phone: str | None = "+8613900000001") -> int:
        create_account(
            self.run.db,
            username=username,
            password="correct horse battery",
            role=role,
            display_name=username,
            operator_id=self.operator_id,
        )
        with self.run.db.transaction() as connection:
            made: int = connection.execute(
                update(Account)
                .where(Account.username == username)
                .values(phone=None if phone is None else self.run.keys.seal(phone, "accounts.phone"))
                .returning(Account.id)
            ).scalar_one()
        self.hired[username] = made
        return made

    def all(self, statement: str, **given: Any) -> list[Any]:
        with self.run.db.reading() as connection:
            return list(connection.execute(text(statement), given))

    def write(self, statement: str, **given: Any) -> None:
        with self.run.db.transaction() as connection:
            connection.execute(text(statement), given)

    def escalations(self) -> list[tuple[str, int]]:
        """Numbers and levels, in the order in which they were written down."""
        rows = self.all(
            "SELECT o.number, e.level FROM escalations e JOIN orders o ON o.id = e.order_id ORDER BY e.id"
        )
        return [(row.number, row.level) for row in rows]

    def texts(self) -> list[Any]:
        """What staff were told."""
        return self.book.texts("escalation", "escalations", "risk_digest")
