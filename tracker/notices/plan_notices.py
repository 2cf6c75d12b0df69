"""Write down what customers are to be told, in the transaction of what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.dialects.postgresql import insert

from tracker.crypto import KeyRing
from tracker.db import after_commit
from tracker.notices import tallies
from tracker.notices.models import Notice
from tracker.notices.open_calls import Needed, open_calls
from tracker.notices.recipients import takes_texts
from tracker.notices.rules import State, Why, send_from
from tracker.notices.templates import TEMPLATES
from tracker.queueing import Doorbell

_notices = Notice.__table__
_INSERT = (
    insert(_notices)
    .on_conflict_do_nothing(index_elements=[_notices.c.dedup_key])
    .returning(
        _notices.c.id,
        _notices.c.operator_id,
        _notices.c.order_id,
        _notices.c.queue,
        _notices.c.state,
        _notices.c.next_at,
    )
)
RECIPIENT = "notices.recipient"
DELIVER = "workers.jobs.deliver"
_LANDLINE = "the number is a landline"


@dataclass(frozen=True)
class Wanted:
    """A text that somebody should get. `dedup_key` makes it the only one of its kind (I2)."""

    operator_id: int
    order_id: int | None
    template: str
    language: str
    values: Mapping[str, str]
    phone: str
    dedup_key: str


def plan_notices(
    connection: Connection, keys: KeyRing, bell: Doorbell, wanted: Sequence[Wanted], now: datetime
) -> int:
    """Store the notices that are new and ring for them after the commit; returns how many are new.

    Where the number is a landline's, a person is asked to call instead.
    """
    if not wanted:
        return 0
    rows = connection.execute(_INSERT, [_row(keys, one, now) for one in wanted]).all()
    first_due: dict[str, int] = {}
    for row in rows:
        if row.state == State.CREATED and row.next_at <= now:
            first_due.setdefault(row.queue, row.id)
    for queue, notice_id in first_due.items():
        after_commit(lambda queue=queue, notice_id=notice_id: _ring(bell, queue, notice_id))
    _call_landlines(connection, [row for row in rows if row.state == State.CALL], now)
    return len(rows)


def _call_landlines(connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> None:
    needed = [Needed(row.id, row.operator_id, row.order_id, Why.LANDLINE, _LANDLINE) for row in rows]
    open_calls(connection, needed, now)
    tallies.count(connection, tallies.reached(State.CALL for _ in rows))


def _ring(bell: Doorbell, queue: str, notice_id: int) -> None:
    bell.ring(queue, DELIVER, notice_id, one_is_enough=True)


def _row(keys: KeyRing, wanted: Wanted, now: datetime) -> dict[str, object]:
    template = TEMPLATES[wanted.template]
    reachable = takes_texts(wanted.phone)
    return {
        "operator_id": wanted.operator_id,
        "order_id": wanted.order_id,
        "template": template.code,
        "template_version": template.version,
        "language": wanted.language,
        "params": {name: wanted.values[name] for name in template.params},
        "body": template.render(wanted.language, wanted.values),
        "recipient": keys.seal(wanted.phone, RECIPIENT),
        "dedup_key": wanted.dedup_key,
        "queue": template.queue,
        "state": State.CREATED if reachable else State.CALL,
        "reason": None if reachable else _LANDLINE,
        "next_at": send_from(now, any_hour=template.any_hour),
        "created_at": now,
    }
