"""Who was told of a change, when, and what proves it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from tracker import clock
from tracker.db import Database
from tracker.tariff_changes.affected import UNWARNED, groups
from tracker.tariff_changes.read_change import Change
from tracker.tariff_changes.rules import Told, how_told
from tracker.tariff_changes.sql import REACHED

# A notice counts when it arrives (民法典 137): a receipt proves a text, a call that reached somebody itself.
_CALLS = f"""
    WITH reached AS MATERIALIZED (
        SELECT t.notice_id, min(a.called_at) AS at, (array_agg(a.actor ORDER BY a.called_at))[1] AS actor
        FROM call_tasks t JOIN call_attempts a ON a.task_id = t.id
        WHERE t.operator_id = :operator AND {REACHED}
        GROUP BY t.notice_id
    ), proof AS (
        SELECT w.subscriber_id, w.old_fen, w.new_fen, w.effective_on, n.id AS notice_id,
            n.state, r.state AS second_state,
            least(n.delivered_at, r.delivered_at) AS text_at, least(cn.at, cr.at) AS call_at,
            coalesce(cn.actor, cr.actor) AS caller,
            CASE WHEN r.delivered_at IS NOT NULL AND n.delivered_at IS NULL
                THEN r.provider_reference ELSE n.provider_reference END AS provider_reference,
            (least(n.delivered_at, r.delivered_at, cn.at, cr.at) AT TIME ZONE 'Asia/Shanghai')::date
                AS told_on
        FROM tariff_warnings w
        JOIN notices n ON n.id = w.notice_id
        LEFT JOIN notices r ON r.retry_of = n.id
        LEFT JOIN reached cn ON cn.notice_id = n.id
        LEFT JOIN reached cr ON cr.notice_id = r.id
        WHERE w.change_id = :change AND w.kind = 'warning'
    )
"""
# In the words of `rules.how_told`: told in time is a month that has run out on the eve (民法典 202).
_COUNTS = text(
    f"""
    {_CALLS}
    SELECT count(*) AS subscribers,
        count(*) FILTER (WHERE (told_on + interval '1 month')::date < effective_on) AS on_time,
        count(*) FILTER (WHERE (told_on + interval '1 month')::date >= effective_on) AS late,
        count(*) FILTER (WHERE told_on IS NULL
            AND (CAST(:today AS date) + interval '1 month')::date < effective_on) AS waiting,
        count(*) FILTER (WHERE told_on IS NULL
            AND (CAST(:today AS date) + interval '1 month')::date >= effective_on) AS not_reached,
        count(*) FILTER (WHERE text_at IS NOT NULL AND (call_at IS NULL OR text_at <= call_at)) AS by_text,
        count(*) FILTER (WHERE call_at IS NOT NULL AND (text_at IS NULL OR call_at < text_at)) AS by_call,
        count(*) FILTER (WHERE told_on IS NULL
            AND (state IN ('call', 'undelivered') OR second_state IN ('call', 'undelivered'))) AS to_call
    FROM proof
    """
)
# The day counts that the change has for each subscriber: agreed prices end on many.
_DUE = text(
    f"""
    {_CALLS}
    SELECT count(*) FILTER (WHERE effective_on <= :today) AS subscribers,
        count(*) FILTER (WHERE effective_on <= :today
            AND (told_on + interval '1 month')::date < effective_on) AS on_time,
        count(*) FILTER (WHERE effective_on <= :today
            AND (told_on + interval '1 month')::date >= effective_on) AS late,
        count(*) FILTER (WHERE effective_on > :today) AS pending
    FROM proof WHERE effective_on BETWEEN :first AND :last
    """
)
_LIST = f"""
    {_CALLS}
    SELECT s.reference, proof.* FROM proof JOIN subscribers s ON s.id = proof.subscriber_id
"""
_STILL = {
    Told.ON_TIME: "(told_on + interval '1 month')::date < proof.effective_on",
    Told.LATE: "(told_on + interval '1 month')::date >= proof.effective_on",
    Told.WAITING: (
        "told_on IS NULL AND (CAST(:today AS date) + interval '1 month')::date < proof.effective_on"
    ),
    Told.NOT_REACHED: (
        "told_on IS NULL AND (CAST(:today AS date) + interval '1 month')::date >= proof.effective_on"
    ),
}
_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class Coverage:
    """How many of those concerned were told, as of a moment. `to_call`: not told, and a person must call.

    `unwarned` are concerned and have no warning yet: their day has not come, or the next run writes it.
    """

    subscribers: int
    on_time: int
    late: int
    waiting: int
    not_reached: int
    by_text: int
    by_call: int
    to_call: int
    unwarned: int
    as_of: datetime


@dataclass(frozen=True)
class Due:
    """How many were told of those whose own day of a change lies in a period, as of a moment.

    `pending`: their day is yet to come, so they are none of the others; `subscribers` are those whose day has
    come, and who was not told by now is what on time and late leave of them.
    """

    subscribers: int
    on_time: int
    late: int
    pending: int

    @property
    def untold(self) -> int:
        """Their day has come, and nothing proves that they were told."""
        return self.subscribers - self.on_time - self.late


@dataclass(frozen=True)
class Proof:
    """How one subscriber was told. `begins_on`: from when the change holds for them; None while untold."""

    subscriber_id: int
    reference: str
    old_fen: int
    new_fen: int
    effective_on: date
    told: Told
    told_on: date | None
    told_at: datetime | None
    by: str
    evidence: str
    begins_on: date | None


def coverage(connection: Connection, change: Change, now: datetime) -> Coverage:
    """Count those whom a change concerns."""
    values = _values(change, now)
    row = connection.execute(_COUNTS, values).one()
    unwarned = 0
    if change.stands:
        open_groups = groups(connection, change.scope, UNWARNED)
        unwarned = sum(group.subscribers for group in open_groups if not change.is_no_news(group))
    return Coverage(**row._mapping, unwarned=unwarned, as_of=now)


def due_between(connection: Connection, change: Change, first: date, last: date, now: datetime) -> Due:
    """Count those whose own first day of a change lies between two days, both included."""
    today = clock.local_date(now)
    values = _values(change, now) | {"first": first, "last": last}
    row = connection.execute(_DUE, values).one()
    unwarned = pending = 0
    if change.stands:
        for group in groups(connection, change.scope, UNWARNED):
            begins_on = change.scope.begins_on(group.agreed_until)
            if not first <= begins_on <= last or change.is_no_news(group):
                continue
            if begins_on <= today:
                unwarned += group.subscribers
            else:
                pending += group.subscribers
    return Due(row.subscribers + unwarned, row.on_time, row.late, row.pending + pending)


def proofs(db: Database, change: Change, now: datetime, *, told: Told | None = None) -> Iterator[Proof]:
    """Every subscriber who has a warning of the change, in the order of ids; of one kind, or all.

    Read page by page, so that whoever takes them slowly holds no transaction open.
    """
    after = 0
    while True:
        with db.reading() as connection:
            page = proof_page(connection, change, now, told, after=after, limit=_ROWS_AT_ONCE)
        yield from page
        if len(page) < _ROWS_AT_ONCE:
            return
        after = page[-1].subscriber_id


def proof_page(
    connection: Connection, change: Change, now: datetime, told: Told | None, *, after: int, limit: int
) -> list[Proof]:
    """A page of them, after a subscriber's id."""
    of_kind = f" AND {_STILL[told]}" if told is not None else ""
    statement = text(
        f"{_LIST} WHERE proof.subscriber_id > :after{of_kind} ORDER BY proof.subscriber_id LIMIT :limit"
    )
    values = _values(change, now) | {"after": after, "limit": limit}
    return [_proof(change, row, clock.local_date(now)) for row in connection.execute(statement, values)]


def _values(change: Change, now: datetime) -> dict[str, Any]:
    return {"change": change.id, "operator": change.row.operator_id, "today": clock.local_date(now)}


def _proof(change: Change, row: Row[Any], today: date) -> Proof:
    by_call = row.call_at is not None and (row.text_at is None or row.call_at < row.text_at)
    at = row.call_at if by_call else row.text_at
    step = change.step(row.new_fen, row.effective_on, row.told_on)
    return Proof(
        row.subscriber_id,
        row.reference,
        row.old_fen,
        row.new_fen,
        row.effective_on,
        how_told(row.told_on, row.effective_on, today),
        row.told_on,
        at,
        "" if at is None else "call" if by_call else "text",
        "" if at is None else row.caller if by_call else row.provider_reference or "",
        step.begins_on,
    )
