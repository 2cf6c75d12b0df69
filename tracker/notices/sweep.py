"""Every minute: find what was lost, interrupted or left unknown, whatever the reason.

Looks only at states and due times, never at "what happened between then and then", so that an
outage of any length is caught up with.
"""

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Row, select, update

from tracker import clock
from tracker.notices.deliver import as_sms
from tracker.notices.models import Notice
from tracker.notices.plan_notices import DELIVER
from tracker.notices.rules import MAX_ATTEMPTS, QUEUES, State
from tracker.runtime import Runtime
from tracker.sms.port import Absent, CannotTell, Found

log = structlog.get_logger(__name__)

# Two looks that found nothing, this far apart at least, before a text counts as never sent.
_BETWEEN_LOOKS = timedelta(seconds=60)
_LOOKS_NEEDED = 2
_ASK_AT_MOST = 500


def sweep(runtime: Runtime) -> dict[str, int]:
    """One round; returns what it did, by kind."""
    expired = _expire_leases(runtime)
    settled = _settle_unknown(runtime)
    rung = _ring_for_due(runtime)
    if expired or settled:
        log.info("swept", expired=expired, settled=settled, rung=rung)
    return {"expired": expired, "settled": settled, "rung": rung}


def _expire_leases(runtime: Runtime) -> int:
    """Notices whose worker is gone may have been sent: they become unknown, not due."""
    now = clock.now()
    grace = timedelta(seconds=runtime.config.unknown_grace)
    statement = (
        update(Notice)
        .where(Notice.state == State.SENDING, Notice.lease_until < now)
        .values(
            state=State.UNKNOWN,
            lease_until=None,
            # Counted from now: until its lease ran out the worker may still have been sending.
            next_at=now + grace,
            reason="the worker did not report back",
        )
        .returning(Notice.id)
    )
    with runtime.db.transaction() as connection:
        return len(connection.execute(statement).all())


def _settle_unknown(runtime: Runtime) -> int:
    """Ask the provider about each text that may or may not have been sent."""
    now = clock.now()
    wanted = (
        select(Notice.id, Notice.recipient, Notice.body, Notice.sending_at, Notice.attempts, Notice.misses)
        .where(Notice.state == State.UNKNOWN, Notice.next_at <= now)
        .order_by(Notice.next_at)
        .limit(_ASK_AT_MOST)
    )
    with runtime.db.reading() as connection:
        rows = connection.execute(wanted).all()
    return sum(_settle(runtime, row, now) for row in rows)


def _settle(runtime: Runtime, row: Row, now: datetime) -> bool:
    finding = runtime.gateway.find(as_sms(runtime, row), row.sending_at)
    between = min(_BETWEEN_LOOKS, timedelta(seconds=runtime.config.unknown_grace))
    match finding:
        case Found(reference):
            changes = {
                "state": State.ACCEPTED,
                "provider_reference": reference,
                "accepted_at": now,
                "reason": None,
            }
        case Absent() if row.misses + 1 < _LOOKS_NEEDED:
            changes = {"misses": row.misses + 1, "next_at": now + between}
        case Absent() if row.attempts < MAX_ATTEMPTS:
            changes = {"state": State.CREATED, "next_at": now, "reason": "the provider does not have it"}
        case Absent():
            changes = {"state": State.CALL, "reason": f"not sent in {row.attempts} attempts"}
        case CannotTell(detail):
            changes = {"next_at": now + between, "reason": f"provider did not say: {detail}"[:200]}
    with runtime.db.transaction() as connection:
        connection.execute(
            update(Notice)
            .where(Notice.id == row.id, Notice.state == State.UNKNOWN, Notice.misses == row.misses)
            .values(**changes)
        )
    return "state" in changes


def _ring_for_due(runtime: Runtime) -> int:
    """Ring once for every queue that has something due, in case the first ring was lost."""
    rung = 0
    with runtime.db.reading() as connection:
        for queue in QUEUES:
            due = connection.scalar(
                select(Notice.id)
                .where(Notice.queue == queue, Notice.state == State.CREATED, Notice.next_at <= clock.now())
                .order_by(Notice.next_at)
                .limit(1)
            )
            if due is not None and runtime.bell.ring(queue, DELIVER, due):
                rung += 1
    return rung
