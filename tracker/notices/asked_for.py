"""How many texts a phone has been sent for the asking, so that nobody is pestered by a stranger."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from tracker.notices.models import Notice
from tracker.notices.rules import MOST_ASKED_FOR, next_asked_at

_LONGEST = max(stretch for stretch, _ in MOST_ASKED_FOR)


def may_ask_from(
    connection: Connection, recipient: bytes, which: ColumnElement[bool], now: datetime
) -> datetime | None:
    """When the phone with this digest may be sent one of these texts; None for at once.

    `which` tells of a notice whether it is one of them. Until the commit nobody else can ask the same about
    this phone, so that two at the same moment are two.
    """
    connection.execute(select(func.pg_advisory_xact_lock(int.from_bytes(recipient[:8], signed=True))))
    sent = connection.scalars(
        select(Notice.created_at).where(
            Notice.recipient_digest == recipient, Notice.created_at > now - _LONGEST, which
        )
    )
    return next_asked_at(list(sent), now)
