"""Many subscriptions on one number: who is told by the text that another of theirs gets.

Nobody is to get the same text more than three times within a day, so the first three subscriptions of a
number get texts of their own, and the others are told by the first one's.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from tracker.db import Database
from tracker.notices.rules import IDENTICAL_LIMIT
from tracker.tariff_changes.affected import Scope
from tracker.tariff_changes.write_chunks import take_turns


def shared_by(connection: Connection, scope: Scope, conditions: str, values: Mapping[str, Any]) -> list[int]:
    """The ids of those who are told by another subscription's text."""
    statement = text(
        f"""
        SELECT id FROM (
            SELECT s.id, row_number() OVER (
                PARTITION BY s.contact_digest, s.plan_id, s.language, {scope.old_fen}, {scope.ends}
                ORDER BY s.id
            ) AS place
            {scope.source} {conditions} AND s.contact_digest IN (
                SELECT contact_digest FROM subscribers WHERE plan_id = ANY(:plans)
                GROUP BY contact_digest HAVING count(*) > :limit)
        ) ranked
        WHERE place > :limit
        ORDER BY id
        """
    )
    return list(connection.scalars(statement, {**scope.values, **values, "limit": IDENTICAL_LIMIT}))


def link_shared(db: Database, scope: Scope, subscribers: Sequence[int], now: datetime) -> int:
    """Write down that these are told by the text of the same number's first one; returns how many."""
    if not subscribers:
        return 0
    statement = text(
        f"""
        INSERT INTO tariff_warnings (change_id, subscriber_id, kind, operator_id, notice_id, old_fen,
            new_fen, effective_on, created_at)
        SELECT DISTINCT ON (s.id) :change, s.id, 'warning', s.operator_id, w.notice_id, w.old_fen, w.new_fen,
            w.effective_on, :now
        FROM (SELECT s.*, {scope.old_fen} AS old_fen {scope.source} AND s.id = ANY(:subscribers)) s
        JOIN subscribers f ON f.contact_digest = s.contact_digest AND f.plan_id = s.plan_id
            AND f.language = s.language AND f.id <> s.id
        JOIN tariff_warnings w ON w.change_id = :change AND w.subscriber_id = f.id AND w.kind = 'warning'
            AND w.old_fen = s.old_fen
        WHERE s.agreed_until IS NOT DISTINCT FROM f.agreed_until OR :any_end
        ORDER BY s.id, f.id
        ON CONFLICT DO NOTHING
        """
    )
    values = scope.values | {
        "subscribers": list(subscribers),
        "now": now,
        "any_end": scope.ends_from is None,
    }
    with db.transaction() as connection:
        take_turns(connection, scope.change_id or 0)
        return connection.execute(statement, values).rowcount
