"""Write verdicts onto notices, many in one statement."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, func, or_, update

from tracker.notices.models import Notice
from tracker.notices.rules import State
from tracker.notices.verdicts import Verdict

_notices = Notice.__table__
_REASON_LIMIT = 200

_APPLY = (
    update(_notices)
    # Whoever was faster, a receipt or another look, has moved the notice on: then this is old news.
    # That a text did go out is news of any attempt, while the next one has not been claimed.
    .where(
        _notices.c.id == bindparam("notice"),
        or_(
            _notices.c.state == State.SENDING,
            _notices.c.state == State.UNKNOWN,
            and_(_notices.c.state == State.CREATED, bindparam("new_state") == State.ACCEPTED.value),
        ),
        _notices.c.attempts == bindparam("attempt"),
    )
    .values(
        state=bindparam("new_state"),
        reason=bindparam("new_reason"),
        next_at=func.coalesce(bindparam("again_at", type_=_notices.c.next_at.type), _notices.c.next_at),
        provider_reference=bindparam("reference"),
        accepted_at=bindparam("taken_at", type_=_notices.c.accepted_at.type),
        misses=bindparam("missed"),
        lease_until=None,
    )
)


def settle(connection: Connection, verdicts: Mapping[tuple[int, int], Verdict], now: datetime) -> None:
    """Apply each verdict to the notice and the attempt that it is about: {(notice, attempt): verdict}."""
    rows = [
        {
            "notice": notice_id,
            "attempt": attempt,
            "new_state": verdict.state,
            "new_reason": verdict.reason and verdict.reason[:_REASON_LIMIT],
            "again_at": verdict.next_at,
            "reference": verdict.reference,
            "taken_at": now if verdict.state is State.ACCEPTED else None,
            "missed": verdict.misses,
        }
        # In one order everywhere, so that two workers never wait for each other's rows.
        for (notice_id, attempt), verdict in sorted(verdicts.items(), key=lambda item: item[0])
    ]
    if rows:
        connection.execute(_APPLY, rows)
