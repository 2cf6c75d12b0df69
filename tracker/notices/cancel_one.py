"""Take one notice back that nobody has been told of yet, in the transaction of what makes it untrue."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from tracker.notices.call_models import CallTask
from tracker.notices.call_rules import Outcome
from tracker.notices.models import Notice
from tracker.notices.rules import State


def cancel_one(connection: Connection, dedup_key: str, reason: str, now: datetime) -> bool:
    """Cancel the notice of this key, or the call in its place; whether its customer knows nothing of it.

    False where it was sent, may have been, or somebody has tried to call.
    """
    notice = connection.execute(
        select(Notice.id, Notice.state, Notice.attempts)
        .where(Notice.dedup_key == dedup_key)
        .with_for_update()
    ).one_or_none()
    if notice is None or notice.state == State.CANCELLED:
        return True
    # One that was tried already may be on its way in spite of what the provider said.
    if notice.state not in (State.CREATED, State.CALL) or notice.attempts:
        return False
    if notice.state == State.CALL and not _end_call(connection, notice.id, now):
        return False
    connection.execute(
        update(Notice).where(Notice.id == notice.id).values(state=State.CANCELLED, reason=reason)
    )
    return True


def _end_call(connection: Connection, notice_id: int, now: datetime) -> bool:
    """Close its task, unless somebody has called already."""
    closed = connection.execute(
        update(CallTask)
        .where(CallTask.notice_id == notice_id, CallTask.closed_at.is_(None), CallTask.attempts == 0)
        .values(outcome=Outcome.NOT_NEEDED, closed_at=now, version=CallTask.version + 1)
    )
    return closed.rowcount > 0
