"""After a change was withdrawn: put right what was told to those who signed and have no subscription yet."""

from datetime import datetime
from typing import Any

from sqlalchemy import text

from tracker.notices.drafts import Wanted
from tracker.notices.plan_notices import plan_notices
from tracker.runtime import Runtime
from tracker.tariff_changes.read_change import Change
from tracker.tariff_changes.sql import MAY_HAVE_TOLD
from tracker.tariffs import wording

# The notices of the signing, and second tries of them, of whoever has not been written a warning since.
_SIGNED = """
    WITH signed AS MATERIALIZED (
        SELECT n.id, o.id AS order_id FROM orders o
        JOIN notices n ON n.dedup_key = 'tariff:' || :change || ':order:' || o.id
        WHERE o.operator_id = :operator AND o.plan_id = ANY(:plans) AND o.created_at >= :announced_at
            AND NOT EXISTS (
                SELECT FROM tariff_warnings w WHERE w.change_id = :change AND w.notice_id = n.id)
    ), told AS MATERIALIZED (
        SELECT id FROM signed UNION SELECT r.id FROM signed JOIN notices r ON r.retry_of = signed.id
    )
"""
_CANCEL = text(
    f"""
    {_SIGNED}, cancelled AS (
        UPDATE notices n SET state = 'cancelled', reason = :reason
        FROM told WHERE n.id = told.id AND n.state = 'created'
    ), left_alone AS (
        UPDATE notices n SET must_arrive = false
        FROM told WHERE n.id = told.id AND n.must_arrive AND n.state IN ('sending', 'unknown', 'accepted')
    )
    UPDATE call_tasks t SET outcome = 'not_needed', closed_at = :now, version = version + 1
    FROM told WHERE t.notice_id = told.id AND t.closed_at IS NULL
    """
)
_TOLD = text(
    f"""
    {_SIGNED}
    SELECT o.id, o.language, o.contact_phone, o.notify_by, o.plan_id
    FROM signed JOIN orders o ON o.id = signed.order_id
    JOIN notices n ON n.id = signed.id
    LEFT JOIN notices r ON r.retry_of = n.id
    WHERE {MAY_HAVE_TOLD.format("n")} OR (r.id IS NOT NULL AND {MAY_HAVE_TOLD.format("r")})
    ORDER BY o.id
    """
)


def undo_signings(runtime: Runtime, change: Change, reason: str, now: datetime) -> int:
    """Cancel what they were to be told, and tell whoever may have heard it; returns how many."""
    values: dict[str, Any] = {
        "change": change.id,
        "operator": change.row.operator_id,
        "plans": [version.id for version in change.line.versions],
        "announced_at": change.row.announced_at,
        "reason": reason,
        "now": now,
    }
    with runtime.db.transaction() as connection:
        connection.execute(_CANCEL, values)
        reference = runtime.reference.current()
        rows = connection.execute(_TOLD, values).all()
        texts = [_correction(runtime, change, row) for row in rows]
        return plan_notices(connection, runtime, reference, texts, now)


def _correction(runtime: Runtime, change: Change, order: Any) -> Wanted:
    version = next(one for one in change.line.versions if one.id == order.plan_id)
    operator = runtime.reference.current().operators[change.row.operator_id]
    name = (order.language == "en" and version.name_en) or version.name
    return Wanted(
        operator_id=operator.id,
        order_id=order.id,
        template=wording.WITHDRAWN,
        language=order.language,
        values={
            "plan": wording.plan_words(name, version.filing_number, order.language),
            "effective": wording.day_words(change.row.effective_on, order.language),
            "hotline": operator.hotline,
            "signature": operator.signature,
        },
        phone=runtime.keys.open(bytes(order.contact_phone), "orders.contact_phone"),
        by_call=order.notify_by == "call",
        dedup_key=f"tariff:{change.id}:order:{order.id}:withdrawn",
    )
