"""What the recording gateway has delivered, for the page that shows a demonstration's phone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from tracker.sms.models import RecordedText


@dataclass(frozen=True)
class RecordedView:
    """A recorded text without its recipient's number."""

    id: int
    recipient_masked: str
    body: str
    accepted_at: datetime


def recent(connection: Connection, limit: int, search: str = "") -> list[RecordedView]:
    """The newest recorded texts, newest first; with `search`, those whose body contains it."""
    statement = select(
        RecordedText.id, RecordedText.recipient_masked, RecordedText.body, RecordedText.accepted_at
    )
    if search:
        statement = statement.where(RecordedText.body.contains(search, autoescape=True))
    rows = connection.execute(statement.order_by(RecordedText.id.desc()).limit(limit))
    return [RecordedView(*row) for row in rows]
