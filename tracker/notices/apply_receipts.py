"""Keep what a provider says of texts, and move their notices on by it.

Receipts come late, twice, out of order, before the answer to the request that they are about, and
for notices that nobody knows: each is kept, and none does harm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import ARRAY, BigInteger, Connection, Row, any_, bindparam, case, func, insert, select, update

from tracker import clock
from tracker.notices import tallies
from tracker.notices.models import Notice, NoticeReceipt
from tracker.notices.open_calls import Needed, take_back
from tracker.notices.rules import State, Why
from tracker.notices.try_again import forget_second_texts, try_again_or_call
from tracker.notices.verdicts import SILENCE, after_receipt, is_about
from tracker.runtime import Runtime
from tracker.sms.port import Receipt

log = structlog.get_logger(__name__)

_notices = Notice.__table__
_LOCKED = (
    select(
        _notices.c.id,
        _notices.c.operator_id,
        _notices.c.order_id,
        _notices.c.template,
        _notices.c.state,
        _notices.c.attempts,
        _notices.c.provider,
        _notices.c.provider_reference,
        _notices.c.created_at,
        _notices.c.accepted_at,
    )
    .where(_notices.c.id == any_(bindparam("ids", type_=ARRAY(BigInteger))))
    # In one order everywhere, so that nobody waits for each other's rows.
    .order_by(_notices.c.id)
    .with_for_update()
)
_MOVE = (
    update(_notices)
    .where(_notices.c.id == bindparam("notice"))
    .values(
        state=bindparam("new_state"),
        reason=bindparam("new_reason"),
        provider_reference=func.coalesce(_notices.c.provider_reference, bindparam("reference")),
        accepted_at=func.coalesce(_notices.c.accepted_at, bindparam("at")),
        delivered_at=bindparam("arrived_at", type_=_notices.c.delivered_at.type),
        # As when it is settled: without its code it could not be found.
        ask_at=case((_notices.c.secret.is_(None), bindparam("again_at", type_=_notices.c.ask_at.type))),
        lease_until=None,
        secret=None,
    )
)
_KEEP = insert(NoticeReceipt.__table__)


@dataclass
class _Course:
    """A notice on its way through the receipts of one callback."""

    row: Row[Any]
    state: State
    said: Receipt | None = None

    def hear(self, receipt: Receipt, provider: str) -> None:
        """Go on to where the receipt brings it, if it is about this notice."""
        row = self.row
        known = row.provider_reference or (self.said and self.said.reference)
        if row.provider != provider or not is_about(row.attempts, known, receipt.reference, receipt.standing):
            return
        state = after_receipt(self.state, receipt.standing)
        if state is not self.state:
            self.state, self.said = state, receipt


def apply_receipts(runtime: Runtime, provider: str, receipts: Sequence[Receipt]) -> int:
    """Keep each receipt as it came and apply it by rank, in one commit; returns how many notices moved."""
    now = clock.now()
    wanted = sorted({receipt.notice_id for receipt in receipts if receipt.notice_id is not None})
    with runtime.db.transaction() as connection:
        rows = connection.execute(_LOCKED, {"ids": wanted})
        courses = {row.id: _Course(row, State(row.state)) for row in rows}
        for receipt in receipts:
            course = courses.get(receipt.notice_id or 0)
            if course is not None:
                course.hear(receipt, provider)
        if receipts:
            connection.execute(_KEEP, [_kept(receipt, provider, courses, now) for receipt in receipts])
        moved = [course for course in courses.values() if course.said is not None]
        if moved:
            _move(connection, moved, now)
    for course in moved:
        if course.state is State.UNDELIVERED and course.said is not None:
            log.warning("text_undelivered", notice=course.row.id, code=course.said.error_code)
    return len(moved)


def _kept(receipt: Receipt, provider: str, courses: dict[int, _Course], now: datetime) -> dict[str, Any]:
    course = courses.get(receipt.notice_id or 0)
    return {
        "operator_id": course and course.row.operator_id,
        "notice_id": course and course.row.id,
        "provider": provider,
        "provider_reference": receipt.reference,
        "provider_state": receipt.word,
        "error_code": receipt.error_code,
        "raw": dict(receipt.raw),
        "received_at": now,
    }


def _move(connection: Connection, moved: Sequence[_Course], now: datetime) -> None:
    connection.execute(_MOVE, [_moved(course, now) for course in moved])
    needed = [
        Needed(
            course.row.id,
            course.row.template,
            course.row.operator_id,
            course.row.order_id,
            Why.UNDELIVERED,
            _reason(course) or "",
        )
        for course in moved
        if course.state is State.UNDELIVERED
    ]
    try_again_or_call(connection, needed, now)
    arrived = [course.row for course in moved if course.state is State.DELIVERED]
    take_back(connection, [row.id for row in arrived], now)
    # Only what was undelivered before can have a second text.
    forget_second_texts(connection, [row.id for row in arrived if row.state == State.UNDELIVERED])
    accepted = [course.row for course in moved if course.row.accepted_at is None]
    tallies.count(
        connection,
        tallies.reached(course.state for course in moved),
        tallies.waits(State.ACCEPTED, [(row.template, row.created_at) for row in accepted], now),
        tallies.waits(State.DELIVERED, [(row.template, row.created_at) for row in arrived], now),
    )


def _moved(course: _Course, now: datetime) -> dict[str, Any]:
    said = course.said
    return {
        "notice": course.row.id,
        "new_state": course.state,
        "new_reason": _reason(course),
        "reference": (said and said.reference) or None,
        "at": now,
        "arrived_at": _arrived_at(course, now),
        "again_at": now + SILENCE if course.state is State.ACCEPTED else None,
    }


def _arrived_at(course: _Course, now: datetime) -> datetime | None:
    """When the text arrived: as the provider says, unless its clock is ahead of ours, else now."""
    if course.state is not State.DELIVERED:
        return None
    said = course.said and course.said.at
    return min(said, now) if said else now


def _reason(course: _Course) -> str | None:
    if course.state is not State.UNDELIVERED or course.said is None:
        return None
    return f"undelivered: {course.said.word} {course.said.error_code or ''}".rstrip()
