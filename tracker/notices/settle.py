"""Write verdicts onto notices, many in one statement, with the calls that follow from them."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    DateTime,
    SmallInteger,
    String,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    update,
)

from tracker.notices import tallies
from tracker.notices.models import Notice
from tracker.notices.open_calls import Needed
from tracker.notices.rules import State
from tracker.notices.try_again import try_again_or_call
from tracker.notices.verdicts import SILENCE, Verdict

_notices = Notice.__table__
_REASON_LIMIT = 200
_COLUMNS = {
    "notice": BigInteger(),
    "attempt": SmallInteger(),
    "new_state": String(),
    "new_reason": String(),
    "again_at": DateTime(timezone=True),
    "reference": String(),
    "missed": SmallInteger(),
}
_given = (
    func.unnest(*(bindparam(name, type_=ARRAY(kind)) for name, kind in _COLUMNS.items()))
    .table_valued(*_COLUMNS, name="given")
    .render_derived()
)
_accepted = _given.c.new_state == State.ACCEPTED.value
# Written out: a plan made for any state could not use the indexes of these.
_OPEN = [literal_column(f"'{state}'") for state in (State.SENDING, State.UNKNOWN)]
# In these the text may still have to be sent, or to be found.
_UNDER_WAY = [State.CREATED.value, State.UNKNOWN.value]
_APPLY = (
    update(_notices)
    # Whoever was faster, a receipt or another look, has moved the notice on: then this is old news.
    # That a text did go out is news of any attempt, while the next one has not been claimed.
    .where(
        _notices.c.id == _given.c.notice,
        _notices.c.attempts == _given.c.attempt,
        or_(
            _notices.c.state.in_(_OPEN),
            and_(_notices.c.state == literal_column(f"'{State.CREATED}'"), _accepted),
        ),
    )
    .values(
        state=_given.c.new_state,
        reason=_given.c.new_reason,
        next_at=func.coalesce(_given.c.again_at, _notices.c.next_at),
        provider_reference=_given.c.reference,
        accepted_at=case((_accepted, bindparam("now", type_=DateTime(timezone=True)))),
        # A code is forgotten with its text, which nobody could find again without it.
        ask_at=case(
            (
                and_(_accepted, _notices.c.secret.is_(None)),
                bindparam("ask_at", type_=DateTime(timezone=True)),
            )
        ),
        secret=case((_given.c.new_state.in_(_UNDER_WAY), _notices.c.secret)),
        misses=_given.c.missed,
        lease_until=None,
    )
    .returning(
        _notices.c.id,
        _notices.c.attempts,
        _notices.c.operator_id,
        _notices.c.order_id,
        _notices.c.template,
        _notices.c.created_at,
    )
)


def settle(connection: Connection, verdicts: Mapping[tuple[int, int], Verdict], now: datetime) -> None:
    """Apply each verdict to the notice and the attempt that it is about: {(notice, attempt): verdict}.

    Where a verdict says that a person must call, the task is opened in the same transaction.
    """
    if not verdicts:
        return
    rows = [
        (
            notice_id,
            attempt,
            verdict.state.value,
            verdict.reason and verdict.reason[:_REASON_LIMIT],
            verdict.next_at,
            verdict.reference,
            verdict.misses,
        )
        # In one order everywhere, so that two workers never wait for each other's rows.
        for (notice_id, attempt), verdict in sorted(verdicts.items(), key=lambda item: item[0])
    ]
    columns = {name: list(values) for name, values in zip(_COLUMNS, zip(*rows, strict=True), strict=True)}
    moved = [
        (row, verdicts[row.id, row.attempts])
        for row in connection.execute(_APPLY, {**columns, "now": now, "ask_at": now + SILENCE})
    ]
    needed = [
        Needed(row.id, row.template, row.operator_id, row.order_id, verdict.call, verdict.reason or "")
        for row, verdict in moved
        if verdict.call is not None
    ]
    try_again_or_call(connection, needed, now)
    accepted = [(row.template, row.created_at) for row, verdict in moved if verdict.state is State.ACCEPTED]
    tallies.count(
        connection,
        Counter((tallies.ATTEMPTS, verdict.outcome) for verdict in verdicts.values() if verdict.outcome),
        tallies.reached(verdict.state for _, verdict in moved),
        tallies.waits(State.ACCEPTED, accepted, now),
    )
