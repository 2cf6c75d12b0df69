"""Send a text once more that must arrive and that the provider could not deliver, before anybody calls.

That it could not be delivered is the provider's own final word, so nobody gets it twice (invariant I2);
a phone that was off yesterday may be on today.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ARRAY, BigInteger, Connection, DateTime, any_, bindparam, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from tracker.notices.models import Notice
from tracker.notices.open_calls import Needed, open_calls
from tracker.notices.rules import State, Why, send_from

# [ours] Another time of day, and a day on which a phone may have been charged.
_LATER = timedelta(hours=21)

_notices = Notice.__table__
COPIED = (
    "operator_id",
    "order_id",
    "template",
    "template_version",
    "language",
    "params",
    "body",
    "recipient",
    "recipient_digest",
    "queue",
    "must_arrive",
)
_AGAIN = (
    insert(_notices)
    .from_select(
        [*COPIED, "dedup_key", "state", "next_at", "created_at", "attempts", "misses", "retry_of"],
        select(
            *(_notices.c[name] for name in COPIED),
            _notices.c.dedup_key.concat(":again"),
            literal(State.CREATED.value),
            bindparam("again_at", type_=DateTime(timezone=True)),
            bindparam("now", type_=DateTime(timezone=True)),
            literal(0),
            literal(0),
            _notices.c.id,
        ).where(
            _notices.c.id == any_(bindparam("ids", type_=ARRAY(BigInteger))),
            _notices.c.must_arrive,
            _notices.c.retry_of.is_(None),
        ),
    )
    .on_conflict_do_nothing()
    .returning(_notices.c.retry_of)
)
_NOT_NEEDED = (
    update(_notices)
    .where(
        _notices.c.retry_of == any_(bindparam("ids", type_=ARRAY(BigInteger))),
        _notices.c.state == State.CREATED,
        _notices.c.attempts == 0,
    )
    .values(state=State.CANCELLED, reason="the first one arrived after all")
)


def try_again_or_call(connection: Connection, needed: Sequence[Needed], now: datetime) -> None:
    """Plan a second text for each that may have one, and open a call for each other."""
    undelivered = [one.notice_id for one in needed if one.why is Why.UNDELIVERED]
    tried_again: set[int] = set()
    if undelivered:
        values = {"ids": undelivered, "now": now, "again_at": send_from(now + _LATER, any_hour=False)}
        tried_again = set(connection.scalars(_AGAIN, values))
    open_calls(connection, [one for one in needed if one.notice_id not in tried_again], now)


def forget_second_texts(connection: Connection, arrived: Sequence[int]) -> None:
    """Cancel what was planned for notices that arrived after all."""
    if arrived:
        connection.execute(_NOT_NEEDED, {"ids": list(arrived)})
