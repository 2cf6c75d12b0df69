"""One notice with all that happened to it, for its operator's staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from tracker.notices.call_models import CallTask
from tracker.notices.models import Notice, NoticeAttempt, NoticeReceipt


@dataclass(frozen=True)
class Course:
    """The notice, and each of these with the earliest first. `retry`: id, state and attempts of the text that
    tries it once more."""

    notice: Row[Any]
    attempts: Sequence[Row[Any]]
    receipts: Sequence[Row[Any]]
    calls: Sequence[Row[Any]]
    retry: Row[Any] | None


def course_of(connection: Connection, operator_id: int, notice_id: int) -> Course | None:
    """An operator's notice; None for another's. A code is not in it, only dots."""
    columns = [column for column in Notice.__table__.c if column.name != "secret"]
    row = connection.execute(
        select(*columns).where(Notice.id == notice_id, Notice.operator_id == operator_id)
    ).one_or_none()
    if row is None:
        return None
    attempts, receipts, calls = (
        connection.execute(
            select(*table.__table__.c).where(table.notice_id == notice_id).order_by(table.id)
        ).all()
        for table in (NoticeAttempt, NoticeReceipt, CallTask)
    )
    retry = connection.execute(
        select(Notice.id, Notice.state, Notice.attempts).where(Notice.retry_of == notice_id)
    ).one_or_none()
    return Course(row, attempts, receipts, calls, retry)
