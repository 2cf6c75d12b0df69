"""Send managers the digest of what is at risk (预警摘要), at the times that their operator has set."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.at_risk.models import RiskDigest
from tracker.at_risk.queries import Wanted, count_at_risk, list_at_risk
from tracker.at_risk.read_rules import rules_in_force
from tracker.at_risk.recipients import recipients, texts_to, wanting_digests
from tracker.at_risk.rules import digest_due, told_ahead
from tracker.at_risk.words import counted
from tracker.notices.office_hours import office_calendar
from tracker.notices.plan_notices import plan_notices
from tracker.runtime import Runtime

TEMPLATE = "risk_digest"
_digests = RiskDigest.__table__


def send_digests(runtime: Runtime) -> int:
    """Write down and tell each operator's digest that is due, once; returns how many texts were planned.

    Where nothing is at risk at its time it is written down that nobody was told.
    """
    return sum(_send(runtime, one) for one in runtime.reference.current().operators)


def _send(runtime: Runtime, operator_id: int) -> int:
    now = clock.now()
    calendar = office_calendar(runtime.reference.current(), operator_id)
    if calendar is None:
        return 0
    with runtime.db.reading() as connection:
        rules = rules_in_force(connection, operator_id).rules
        due_at = digest_due(calendar, rules.digest_at, now)
        if due_at is None or connection.scalar(
            select(exists().where(_digests.c.operator_id == operator_id, _digests.c.due_at == due_at))
        ):
            return 0
        rules = told_ahead(rules, calendar, now)
        counts = count_at_risk(connection, operator_id, rules, Wanted(), now)
        rows, _ = list_at_risk(connection, operator_id, rules, Wanted(), now, limit=1)
        staff = wanting_digests(recipients(connection, operator_id)) if rows else []
    most_urgent = rows[0] if rows else None
    with runtime.db.transaction() as connection:
        made = connection.execute(
            insert(_digests)
            .values(
                operator_id=operator_id,
                due_at=due_at,
                orders=counts.total,
                counts={risk.value: count for risk, count in counts.by_risk.items() if count},
                order_id=None if most_urgent is None else most_urgent.id,
                account_ids=[one.id for one in staff],
                at=now,
            )
            # Another round was faster, and tells.
            .on_conflict_do_nothing()
            .returning(_digests.c.due_at)
        ).one_or_none()
        if made is None or most_urgent is None:
            return 0
        values = {
            "count": str(counts.total),
            "risks": counted(counts.by_risk),
            "number": most_urgent.number,
        }
        texts = texts_to(runtime, staff, operator_id, TEMPLATE, values, _key(operator_id, due_at))
        return plan_notices(connection, runtime, runtime.reference.current(), texts, now)


def _key(operator_id: int, due_at: datetime) -> str:
    return f"risk_digest:{operator_id}:{due_at:%Y%m%dT%H%M}"
