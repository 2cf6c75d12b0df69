"""Ask a person to call where a text that must arrive is not confirmed in time."""

from datetime import timedelta

from sqlalchemy import bindparam, select, update

from tracker import clock
from tracker.notices import tallies
from tracker.notices.models import Notice
from tracker.notices.open_calls import Needed, open_calls
from tracker.notices.rules import State, Why
from tracker.notices.verdicts import UNCONFIRMED_LIMIT
from tracker.runtime import Runtime

_CHUNK = 500
_REASON = f"not confirmed within {UNCONFIRMED_LIMIT // timedelta(hours=1)} h"

_notices = Notice.__table__
_unconfirmed = (
    select(_notices.c.id)
    .where(
        _notices.c.state == State.ACCEPTED,
        _notices.c.must_arrive,
        _notices.c.accepted_at <= bindparam("latest"),
    )
    .order_by(_notices.c.id)
    .limit(_CHUNK)
    .with_for_update(skip_locked=True)
    .cte("unconfirmed")
)
_CALL = (
    update(_notices)
    .where(_notices.c.id == _unconfirmed.c.id)
    .values(state=State.CALL, reason=_REASON, ask_at=None)
    .returning(_notices.c.id, _notices.c.template, _notices.c.operator_id, _notices.c.order_id)
)


def call_unconfirmed(runtime: Runtime) -> int:
    """Open a call for each such notice; returns how many. A receipt that comes later takes it back."""
    called = 0
    while True:
        now = clock.now()
        with runtime.db.transaction() as connection:
            rows = connection.execute(_CALL, {"latest": now - UNCONFIRMED_LIMIT}).all()
            needed = [
                Needed(row.id, row.template, row.operator_id, row.order_id, Why.UNCONFIRMED, _REASON)
                for row in rows
            ]
            open_calls(connection, needed, now)
            tallies.count(connection, tallies.reached(State.CALL for _ in rows))
        called += len(rows)
        if len(rows) < _CHUNK:
            return called
