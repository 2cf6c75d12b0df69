"""Delete what about accounts is over: sessions of last month, codes, counts of tries."""

from datetime import timedelta

from sqlalchemy import delete

from tracker import clock
from tracker.runtime import Runtime
from tracker.staff.models import SignInTry, StaffCode
from tracker.staff.sessions import forget_sessions

# An invitation is asked about for some days after it was good.
_CODES_KEPT_FOR = timedelta(days=30)


def keep_accounts(runtime: Runtime) -> None:
    """Safe to run twice and at any time."""
    now = clock.now()
    with runtime.db.transaction() as connection:
        connection.execute(delete(SignInTry).where(SignInTry.ends_at <= now))
        connection.execute(delete(StaffCode).where(StaffCode.asked_at < now - _CODES_KEPT_FOR))
        forget_sessions(connection, now)
