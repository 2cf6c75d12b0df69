"""Hand due notices to the provider: claim and commit, send with no connection held, record.

A notice is `sending` only between the two commits. Whatever kills a worker in between leaves a
lease that runs out, and the sweep takes such a notice for one that may have gone out.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row, insert, select, update

from tracker import clock
from tracker.crypto import UnreadableError
from tracker.notices.models import Notice, NoticeAttempt
from tracker.notices.plan_notices import RECIPIENT
from tracker.notices.rules import State
from tracker.notices.settle import settle
from tracker.notices.verdicts import after_attempt, in_words
from tracker.runtime import Runtime
from tracker.sms.port import Accepted, NotSent, Outcome, Sms

log = structlog.get_logger(__name__)

# A whole batch should be through well before its lease runs out, even if every request of it takes
# the gateway's full time-out: 64 texts over 8 connections at 10 s are 80 s of a lease of 180 s. What
# has not been begun by then is not begun any more.
BATCH = 64
MOST = 50 * BATCH
_DETAIL_LIMIT = 200


@dataclass(frozen=True)
class Claimed:
    """A notice that this worker may send once: which attempt it is, whose it is, the text."""

    attempt: int
    operator_id: int
    sms: Sms


def deliver(runtime: Runtime, queue: str) -> int:
    """Send what is due in one queue, oldest first, up to MOST; returns how many were tried."""
    tried = 0
    while tried < MOST:
        expires = clock.now() + timedelta(seconds=runtime.config.lease)
        batch = claim(runtime, queue)
        if not batch:
            break
        if clock.now() >= expires:
            # This process stood still, and another may have sent these by now: the sweep will find out.
            log.warning("lease_expired_before_sending", notices=[c.sms.notice_id for c in batch])
            break
        outcomes = runtime.gateway.send_many([claimed.sms for claimed in batch], until=expires)
        record(runtime, batch, outcomes)
        tried += len(batch)
    return tried


def claim(runtime: Runtime, queue: str, limit: int = BATCH) -> list[Claimed]:
    """Take due notices for this worker until the lease runs out, and commit that.

    One whose number this process cannot open (damaged, or sealed under a key that was added since
    it started) goes back by itself and holds up nobody else's.
    """
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
        .returning(Notice.id, Notice.attempts, Notice.operator_id, Notice.recipient, Notice.body)
    )
    with runtime.db.transaction() as connection:
        rows = connection.execute(statement).all()
    claimed, unreadable = [], []
    for row in sorted(rows):
        try:
            claimed.append(Claimed(row.attempts, row.operator_id, as_sms(runtime, row)))
        except UnreadableError:
            unreadable.append(Claimed(row.attempts, row.operator_id, Sms(row.id, "", row.body)))
    if unreadable:
        record(runtime, unreadable, [NotSent("the number cannot be opened")] * len(unreadable))
    return claimed


def as_sms(runtime: Runtime, row: Row[Any]) -> Sms:
    """The text of a row that has id, recipient and body. Raises UnreadableError."""
    return Sms(row.id, runtime.keys.open(bytes(row.recipient), RECIPIENT), row.body)


def record(runtime: Runtime, batch: Sequence[Claimed], outcomes: Sequence[Outcome]) -> None:
    """Write down what came of each attempt, in one transaction."""
    now, grace = clock.now(), timedelta(seconds=runtime.config.unknown_grace)
    verdicts, attempts = {}, []
    for claimed, outcome in zip(batch, outcomes, strict=True):
        notice_id = claimed.sms.notice_id
        chance = random.random()  # noqa: S311 - spreads load, guards nothing
        verdicts[notice_id, claimed.attempt] = after_attempt(outcome, claimed.attempt, now, grace, chance)
        word, detail = in_words(outcome)
        attempts.append(
            {
                "operator_id": claimed.operator_id,
                "notice_id": notice_id,
                "provider": runtime.gateway.name,
                "outcome": word,
                "detail": detail[:_DETAIL_LIMIT],
                "at": now,
            }
        )
        if not isinstance(outcome, Accepted):
            log.warning("text_not_accepted", notice=notice_id, outcome=word, detail=detail)
    with runtime.db.transaction() as connection:
        settle(connection, verdicts, now)
        connection.execute(insert(NoticeAttempt.__table__), attempts)
