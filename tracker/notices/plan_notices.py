"""Write down what customers are to be told, in the transaction of what happened."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, update
from sqlalchemy.dialects.postgresql import insert

from tracker.db import after_commit
from tracker.notices import tallies
from tracker.notices.drafts import Draft, Wanted, draft, notice_row, repeated, why_not
from tracker.notices.models import Notice
from tracker.notices.open_calls import Needed, open_calls
from tracker.notices.rules import State, Why
from tracker.queueing import Doorbell
from tracker.reference import Reference
from tracker.runtime import Runtime
from tracker.templates.seed import SEED

_notices = Notice.__table__
_INSERT = (
    insert(_notices)
    .on_conflict_do_nothing(index_elements=[_notices.c.dedup_key])
    .returning(
        _notices.c.id,
        _notices.c.operator_id,
        _notices.c.order_id,
        _notices.c.template,
        _notices.c.queue,
        _notices.c.state,
        _notices.c.reason,
        _notices.c.next_at,
        _notices.c.dedup_key,
    )
)
DELIVER = "workers.jobs.deliver"

_COALESCING = [code for code, template in SEED.items() if template.coalesces]


def plan_notices(
    connection: Connection, runtime: Runtime, reference: Reference, wanted: Sequence[Wanted], now: datetime
) -> int:
    """Store the notices that are new and ring for them after the commit; returns how many are new.

    Where no text can reach the number, or its owner wants a call, a person is asked to call instead. A
    step of an order takes the place of one that was told within minutes and has not been sent. A text
    that was sent as often as it may be is kept, and not sent.
    """
    if not wanted:
        return 0
    drafts = [draft(runtime, reference, one) for one in wanted]
    _supersede(connection, drafts)
    too_often = repeated(connection, drafts, now)
    keyed = {one.wanted.dedup_key: why_not(reference, one, too_often) for one in drafts}
    rows = connection.execute(
        _INSERT, [notice_row(runtime, one, keyed[one.wanted.dedup_key], now) for one in drafts]
    ).all()
    follow_up(connection, runtime, rows, keyed, now)
    return len(rows)


def follow_up(
    connection: Connection,
    runtime: Runtime,
    rows: Sequence[Row[Any]],
    keyed: Mapping[str, Why | None],
    now: datetime,
) -> None:
    """What follows from notices just written: calls in the place of texts, and a ring after the commit.

    `rows`: what was written, with the columns that `plan_notices` reads back; `keyed`: by the key of each
    why no text is to be sent, if so.
    """
    ring_for(runtime.bell, rows, now)
    calls = [row for row in rows if row.state == State.CALL]
    needed = []
    for row in calls:
        why = keyed[row.dedup_key]
        if why is not None:
            needed.append(Needed(row.id, row.template, row.operator_id, row.order_id, why, row.reason or ""))
    open_calls(connection, needed, now)
    tallies.count(connection, tallies.reached(State.CALL for _ in calls))


def cancel(connection: Connection, order_id: int, codes: Sequence[str], reason: str) -> int:
    """Cancel notices of an order that have not been sent; returns how many."""
    statement = (
        update(Notice)
        .where(
            Notice.order_id == order_id,
            Notice.template.in_(codes),
            Notice.state == State.CREATED,
            # One that was tried already may be on its way in spite of what the provider said.
            Notice.attempts == 0,
        )
        .values(state=State.CANCELLED, reason=reason, secret=None)
        .returning(Notice.id)
    )
    return len(connection.execute(statement).all())


def ring_for(bell: Doorbell, rows: Sequence[Row[Any]], now: datetime) -> None:
    """Ring once for each queue in which something is due now; the rest is the sweep's."""
    first_due: dict[str, int] = {}
    for row in rows:
        if row.state == State.CREATED and row.next_at <= now:
            first_due.setdefault(row.queue, row.id)
    for queue, notice_id in first_due.items():
        after_commit(lambda queue=queue, notice_id=notice_id: _ring(bell, queue, notice_id))


def _supersede(connection: Connection, drafts: Sequence[Draft]) -> None:
    """A later step says more than an earlier one that nobody has read yet."""
    for one in drafts:
        if one.template.coalesces and one.wanted.order_id is not None:
            cancel(connection, one.wanted.order_id, _COALESCING, f"a later step: {one.template.code}")


def _ring(bell: Doorbell, queue: str, notice_id: int) -> None:
    bell.ring(queue, DELIVER, notice_id, one_is_enough=True)
