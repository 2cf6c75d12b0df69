"""What the recording gateway has delivered, for the page that shows a demonstration's phone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from tracker.crypto import KeyRing
from tracker.sms.models import RecordedText
from tracker.sms.recording import BODY_COLUMN


@dataclass(frozen=True)
class RecordedView:
    """A recorded text without its recipient's number."""

    id: int
    recipient_masked: str
    body: str
    accepted_at: datetime


def recent(connection: Connection, keys: KeyRing, limit: int, search: str = "") -> list[RecordedView]:
    """The newest recorded texts, newest first; with `search`, those whose body contains it.

    Codes are shown, as on the phone that the page stands for, and cannot be searched for.
    """
    statement = select(
        RecordedText.id,
        RecordedText.recipient_masked,
        RecordedText.body,
        RecordedText.sealed,
        RecordedText.accepted_at,
    )
    if search:
        statement = statement.where(RecordedText.body.contains(search, autoescape=True))
    rows = connection.execute(statement.order_by(RecordedText.id.desc()).limit(limit))
    return [
        RecordedView(
            row.id,
            row.recipient_masked,
            row.body if row.sealed is None else keys.open(bytes(row.sealed), BODY_COLUMN),
            row.accepted_at,
        )
        for row in rows
    ]
