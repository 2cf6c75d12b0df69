"""After a change was withdrawn: cancel what has not been sent, and correct what may have been told."""

import math
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, text

from tracker import clock
from tracker.notices.rules import send_from
from tracker.runtime import Runtime
from tracker.tariff_changes import texts
from tracker.tariff_changes.affected import Group
from tracker.tariff_changes.chunk import corrections_of
from tracker.tariff_changes.read_change import Change, read_change
from tracker.tariff_changes.rules import Spread
from tracker.tariff_changes.sql import MAY_HAVE_TOLD
from tracker.tariff_changes.undo_signings import undo_signings
from tracker.tariff_changes.write_chunks import Told, per_day, write_chunks
from tracker.tariffs.rules import ChangeKind
from tracker.templates.length import parts

log = structlog.get_logger(__name__)

_CHUNK = 20_000
# [ours] Whoever expects to pay more should hear soon that they will not.
_A_DAY = 200_000
# Receipts that come later than this are not worth waiting for.
_RECEIPTS_END = timedelta(days=4)
_REASON = "the change was withdrawn"

# The notices of a chunk of warnings: the text, and its second try.
_NOTICES = """
    WITH chunk AS MATERIALIZED (
        SELECT subscriber_id, notice_id FROM tariff_warnings
        WHERE change_id = :change AND kind = 'warning' AND subscriber_id > :after
        ORDER BY subscriber_id LIMIT :chunk
    ), told AS MATERIALIZED (
        SELECT notice_id AS id FROM chunk
        UNION SELECT r.id FROM chunk JOIN notices r ON r.retry_of = chunk.notice_id
    )
"""
_CANCEL = text(
    f"""
    {_NOTICES}, cancelled AS (
        UPDATE notices n SET state = 'cancelled', reason = :reason
        FROM told WHERE n.id = told.id AND n.state = 'created'
    ), left_alone AS (
        -- Nobody is to be told once more, or called, because a text of it did not arrive.
        UPDATE notices n SET must_arrive = false
        FROM told WHERE n.id = told.id AND n.must_arrive AND n.state IN ('sending', 'unknown', 'accepted')
    ), closed AS (
        UPDATE call_tasks t SET outcome = 'not_needed', closed_at = :now, version = version + 1
        FROM told WHERE t.notice_id = told.id AND t.closed_at IS NULL
    )
    SELECT count(*) AS seen, max(subscriber_id) AS last FROM chunk
    """
)
# Each text once, although several subscriptions of a number may have been told by it.
_OWN = (
    "n.dedup_key IN ('tariff:' || w.change_id || ':' || w.subscriber_id,"
    " 'tariff:' || w.change_id || ':order:' || s.order_id)"
)
TO_CORRECT = (
    f"{_OWN} AND ({MAY_HAVE_TOLD.format('n')} OR (r.id IS NOT NULL AND {MAY_HAVE_TOLD.format('r')}))"
    " AND NOT EXISTS (SELECT FROM tariff_warnings done WHERE done.change_id = w.change_id"
    " AND done.subscriber_id = w.subscriber_id AND done.kind = 'correction')"
)
_GROUPS = text(
    f"""
    SELECT s.plan_id, s.language, w.effective_on, count(*) AS subscribers
    FROM tariff_warnings w
    JOIN subscribers s ON s.id = w.subscriber_id
    JOIN notices n ON n.id = w.notice_id
    LEFT JOIN notices r ON r.retry_of = n.id
    WHERE w.change_id = :change AND w.kind = 'warning' AND {TO_CORRECT}
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """
)
_UNDER_WAY = text(
    """
    SELECT EXISTS (
        SELECT FROM tariff_warnings w
        JOIN notices n ON n.id = w.notice_id LEFT JOIN notices r ON r.retry_of = n.id
        WHERE w.change_id = :change AND w.kind = 'warning'
            AND (n.state IN ('created', 'sending', 'unknown') OR r.state IN ('created', 'sending', 'unknown')
                -- A receipt may still say that it did not arrive, for which a call would be opened.
                OR (n.state = 'accepted' AND n.accepted_at > :heard_of))
    ) OR EXISTS (
        SELECT FROM tariff_changes c
        JOIN orders o ON o.operator_id = c.operator_id AND o.created_at >= c.announced_at
        JOIN notices n ON n.dedup_key = 'tariff:' || c.id || ':order:' || o.id
        WHERE c.id = :change AND n.state IN ('created', 'sending', 'unknown')
    )
    """
)
# Of a change that was withdrawn before its warnings began there is no run yet.
_DONE = text(
    """
    INSERT INTO tariff_warning_runs (change_id, operator_id, through_subscriber_id, undone_at)
    VALUES (:change, :operator, 0, :now)
    ON CONFLICT (change_id) DO UPDATE SET undone_at = excluded.undone_at
    """
)


def undo_warnings(runtime: Runtime, change_id: int) -> int:
    """Do what is due about a withdrawn change; returns how many corrections are new.

    Safe to repeat: what was under way at the first time is looked at again until it has come to an end.
    """
    with runtime.db.reading() as connection:
        change = read_change(connection, change_id)
    if change is None or change.stands:
        return 0
    now = clock.now()
    _cancel(runtime, change, now)
    with runtime.db.reading() as connection:
        told = _told(runtime, connection, change, now)
    values = {"after": 0, "key_ends": ":withdrawn"}
    written, _ = write_chunks(runtime, change, corrections_of(TO_CORRECT), told, values, now)
    written += undo_signings(runtime, change, _REASON, now)
    with runtime.db.transaction() as connection:
        if not connection.scalar(_UNDER_WAY, {"change": change_id, "heard_of": now - _RECEIPTS_END}):
            connection.execute(_DONE, {"change": change_id, "operator": change.row.operator_id, "now": now})
    if written:
        log.info("corrected", change=change_id, corrections=written)
    return written


def _cancel(runtime: Runtime, change: Change, now: datetime) -> None:
    values = {"change": change.id, "after": 0, "chunk": _CHUNK, "reason": _REASON, "now": now}
    while True:
        with runtime.db.transaction() as connection:
            row = connection.execute(_CANCEL, values).one()
        if row.seen < _CHUNK:
            return
        values["after"] = row.last


def _told(runtime: Runtime, connection: Connection, change: Change, now: datetime) -> list[Told]:
    rows = connection.execute(_GROUPS, {"change": change.id}).all()
    count = sum(row.subscribers for row in rows)
    reference = runtime.reference.current()
    told = []
    for row in rows:
        of_each = change.scope.kind is ChangeKind.TERM_END
        until = row.effective_on - timedelta(days=1) if of_each else None
        group = Group(row.plan_id, row.language, 0, until, row.subscribers, 0)
        words = texts.correction(reference, runtime.config, change, group)
        most = per_day(runtime, parts(words.body))
        leaving = _soon(count, now, most)
        told.append(Told(group, 0, row.effective_on, words, leaving, row.effective_on))
    return told


def _soon(count: int, now: datetime, most_a_day: float | None) -> Spread:
    days = max(math.ceil(count / min(_A_DAY, most_a_day or _A_DAY)), 1)
    return Spread.beginning(send_from(now, any_hour=False), days)
