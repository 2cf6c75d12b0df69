"""A provider that answers what the test says, and counts what it was asked."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Row, select, text

from tracker.notices.models import Notice
from tracker.runtime import Runtime
from tracker.sms.port import Absent, Accepted, Callback, Finding, Forged, Outcome, Received, Sms, Stop


class Scripted:
    """A gateway without a network; `name` and `gives_receipts` may be changed."""

    name = "scripted"
    gives_receipts = True
    by_template = False

    def __init__(self) -> None:
        self.answer: Callable[[Sms], Outcome] = lambda sms: Accepted(f"ref-{sms.notice_id}")
        self.finding: Finding = Absent()
        self.sent: list[Sms] = []
        self.asked = 0

    def send(self, sms: Sms) -> Outcome:
        self.sent.append(sms)
        return self.answer(sms)

    def send_many(self, batch: Sequence[Sms], *, until: Stop | None = None) -> list[Outcome]:
        return [self.send(sms) for sms in batch]

    def find(self, sms: Sms, since: datetime) -> Finding:
        self.asked += 1
        return self.finding

    def receipts(self, callback: Callback) -> Received | Forged:
        return Forged()

    def close(self) -> None:
        pass


def only(runtime: Runtime, table: str = "notices") -> Row:
    """The one row of a table."""
    return rows(runtime, table)[0]


def rows(runtime: Runtime, table: str) -> list[Row]:
    """The rows of a table, oldest first."""
    with runtime.db.reading() as connection:
        return list(connection.execute(text(f"SELECT * FROM {table} ORDER BY id")).all())


def states(runtime: Runtime) -> list[str]:
    with runtime.db.reading() as connection:
        return list(connection.scalars(select(Notice.state).order_by(Notice.id)))
