"""Hand due notices to the provider: claim and commit, send with no connection held, record.

A notice is `sending` only between the two commits. Whatever kills a worker in between leaves a
lease that runs out, and the sweep takes such a notice for one that may have gone out.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Row, insert, or_, select, update

from tracker import clock
from tracker.notices.models import Notice, NoticeAttempt
from tracker.notices.plan_notices import RECIPIENT
from tracker.notices.rules import MAX_ATTEMPTS, State, retry_delay
from tracker.runtime import Runtime
from tracker.sms.port import Accepted, NotSent, Outcome, Refused, Scope, Sms, Unknown

log = structlog.get_logger(__name__)

# A whole batch must be through well before its lease runs out, even if every request of it takes
# the gateway's full time-out: 64 texts over 8 connections at 10 s are 80 s of a lease of 180 s.
BATCH = 64


def deliver(runtime: Runtime, queue: str, *, batches: int = 50) -> int:
    """Send what is due in one queue, oldest first, up to so many batches; returns how many were tried."""
    tried = 0
    for _ in range(batches):
        batch = claim(runtime, queue)
        if not batch:
            break
        outcomes = runtime.gateway.send_many(batch)
        record(runtime, batch, outcomes)
        tried += len(batch)
    return tried


def claim(runtime: Runtime, queue: str, limit: int = BATCH) -> list[Sms]:
    """Take due notices for this worker until the lease runs out, and commit that."""
    now = clock.now()
    due = (
        select(Notice.id)
        .where(Notice.queue == queue, Notice.state == State.CREATED, Notice.next_at <= now)
        .order_by(Notice.next_at, Notice.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    statement = (
        update(Notice)
        .where(Notice.id == due.c.id)
        .values(
            state=State.SENDING,
            attempts=Notice.attempts + 1,
            sending_at=now,
            lease_until=now + timedelta(seconds=runtime.config.lease),
            provider=runtime.gateway.name,
            misses=0,
        )
        .returning(Notice.id, Notice.recipient, Notice.body)
    )
    with runtime.db.transaction() as connection:
        rows = connection.execute(statement).all()
    return [as_sms(runtime, row) for row in sorted(rows)]


def as_sms(runtime: Runtime, row: Row[Any]) -> Sms:
    """The text of a row that has id, recipient and body."""
    return Sms(row.id, runtime.keys.open(bytes(row.recipient), RECIPIENT), row.body)


def record(runtime: Runtime, batch: Sequence[Sms], outcomes: Sequence[Outcome]) -> None:
    """Write down what came of each attempt, in one transaction."""
    now = clock.now()
    provider = runtime.gateway.name
    with runtime.db.transaction() as connection:
        attempts = _attempts(connection, [sms.notice_id for sms in batch])
        for sms, outcome in zip(batch, outcomes, strict=True):
            tried, operator_id = attempts[sms.notice_id]
            connection.execute(
                update(Notice)
                # A receipt may have been faster than this answer: then the notice is further on.
                .where(
                    Notice.id == sms.notice_id,
                    or_(Notice.state == State.SENDING, Notice.state == State.UNKNOWN),
                )
                .values(**_after(outcome, tried, now, runtime.config.unknown_grace), lease_until=None)
            )
            word, detail = _words(outcome)
            connection.execute(
                insert(NoticeAttempt).values(
                    operator_id=operator_id,
                    notice_id=sms.notice_id,
                    provider=provider,
                    outcome=word,
                    detail=detail[:200],
                    at=now,
                )
            )
            if not isinstance(outcome, Accepted):
                log.warning("text_not_accepted", notice=sms.notice_id, outcome=word, detail=detail)


def _attempts(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    rows = connection.execute(
        select(Notice.id, Notice.attempts, Notice.operator_id).where(Notice.id.in_(ids))
    )
    return {row.id: (row.attempts, row.operator_id) for row in rows}


def _after(outcome: Outcome, tried: int, now: datetime, grace: float) -> dict[str, Any]:
    """What a notice becomes by the outcome of its latest attempt."""
    match outcome:
        case Accepted(reference):
            return {
                "state": State.ACCEPTED,
                "provider_reference": reference,
                "accepted_at": now,
                "reason": None,
            }
        case Refused(Scope.ACCOUNT, code) if tried < MAX_ATTEMPTS:
            # Nothing is wrong with this text: once an engineer has mended the account it must go out.
            return _again(f"account refused: {code}", tried, now, None)
        case Refused(scope, code):
            return {"state": State.CALL, "reason": f"refused ({scope.value}): {code}"}
        case NotSent(detail, retry_after):
            if tried >= MAX_ATTEMPTS:
                return {"state": State.CALL, "reason": f"not sent in {tried} attempts: {detail}"}
            return _again(detail, tried, now, retry_after)
        case Unknown(detail):
            return {"state": State.UNKNOWN, "next_at": now + timedelta(seconds=grace), "reason": detail}


def _again(reason: str, tried: int, now: datetime, retry_after: float | None) -> dict[str, Any]:
    delay = retry_delay(tried, random.random())  # noqa: S311 - spreads load, guards nothing
    if retry_after is not None:
        delay = max(delay, timedelta(seconds=min(retry_after, 3600)))
    return {"state": State.CREATED, "next_at": now + delay, "reason": reason}


def _words(outcome: Outcome) -> tuple[str, str]:
    match outcome:
        case Accepted(reference):
            return "accepted", reference
        case Refused(scope, code, detail):
            return f"refused_{scope.value}", f"{code} {detail}".strip()
        case NotSent(detail):
            return "not_sent", detail
        case Unknown(detail):
            return "unknown", detail
