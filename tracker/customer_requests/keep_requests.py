"""Let go of codes and sessions that are over."""

from sqlalchemy import delete, func

from tracker import clock
from tracker.customer_requests.models import LookupCode
from tracker.customer_requests.rules import CODES_KEPT
from tracker.db import Database


def keep_requests(db: Database) -> int:
    """Delete codes CODES_KEPT after they, and the sessions that they opened, are over; returns how many.

    Requests stay, as history does: what is personal in one goes from its row as it comes to an end.
    """
    before = clock.now() - CODES_KEPT
    over = func.greatest(LookupCode.expires_at, LookupCode.session_ends_at)
    with db.transaction() as connection:
        return connection.execute(delete(LookupCode).where(over < before)).rowcount
