"""How many texts a phone has been sent for the asking, so that nobody is pestered by a stranger."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, select

from tracker.customer_requests.rules import MOST_TEXTS, next_text_at
from tracker.notices.models import Notice

CODE_TEXT = "one_time_code"
NUMBERS_TEXT = "order_numbers"

_LONGEST = max(stretch for stretch, _ in MOST_TEXTS)


def may_text_from(
    connection: Connection,
    recipient: bytes,
    now: datetime,
    templates: Collection[str] = (CODE_TEXT, NUMBERS_TEXT),
) -> datetime | None:
    """When the phone with this digest may be sent one of these texts; None for at once.

    Until the commit nobody else can ask the same about this phone, so that two at the same moment are two.
    """
    connection.execute(select(func.pg_advisory_xact_lock(int.from_bytes(recipient[:8], signed=True))))
    sent = connection.scalars(
        select(Notice.created_at).where(
            Notice.recipient_digest == recipient,
            Notice.created_at > now - _LONGEST,
            Notice.template.in_(templates),
        )
    )
    return next_text_at(list(sent), now)
