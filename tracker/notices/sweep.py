"""Every minute: find what was lost, interrupted or left unknown, whatever the reason.

Looks only at states and due times, never at "what happened between then and then", so that an
outage of any length is caught up with.
"""

from datetime import timedelta

import structlog
from sqlalchemy import select, update

from tracker import clock
from tracker.notices.ask import Asking
from tracker.notices.ask_silent import ask_silent
from tracker.notices.call_unconfirmed import call_unconfirmed
from tracker.notices.cancel_codes import cancel_codes
from tracker.notices.claim import TEMPLATE, TEXT
from tracker.notices.heartbeat import SWEEP, beat
from tracker.notices.keep_hours import keep_hours
from tracker.notices.models import Notice
from tracker.notices.plan_notices import DELIVER
from tracker.notices.rules import QUEUES, State
from tracker.notices.settle import settle
from tracker.notices.verdicts import after_looking
from tracker.runtime import Runtime

log = structlog.get_logger(__name__)

_ASK_AT_MOST = 500
# Well below the longest time that a job may take.
_ASK_FOR_SECONDS = 120.0


def sweep(runtime: Runtime) -> dict[str, int]:
    """One round; returns what it did, by kind. That it came to its end is written down."""
    expired = _expire_leases(runtime)
    cancelled = cancel_codes(runtime)
    put_off = keep_hours(runtime)
    called = call_unconfirmed(runtime)
    # First what is due: asking about the unknown may take long where a provider hangs.
    rung = _ring_for_due(runtime)
    asking = Asking(runtime, _ASK_FOR_SECONDS)
    settled = _settle_unknown(runtime, asking)
    if settled:
        rung += _ring_for_due(runtime)
    heard = ask_silent(runtime, asking)
    did = {
        "expired": expired,
        "cancelled": cancelled,
        "put_off": put_off,
        "called": called,
        "settled": settled,
        "heard": heard,
        "rung": rung,
    }
    if any(count for what, count in did.items() if what != "rung"):
        log.info("swept", **did)
    with runtime.db.transaction() as connection:
        beat(connection, SWEEP, clock.now())
    return did


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


def _settle_unknown(runtime: Runtime, asking: Asking) -> int:
    """Ask the provider about each text that may or may not have been sent."""
    grace = timedelta(seconds=runtime.config.unknown_grace)
    wanted = (
        select(*TEXT, *TEMPLATE, Notice.provider, Notice.sending_at, Notice.attempts, Notice.misses)
        .where(Notice.state == State.UNKNOWN, Notice.next_at <= clock.now())
        .order_by(Notice.next_at)
        .limit(_ASK_AT_MOST)
    )
    with runtime.db.reading() as connection:
        rows = connection.execute(wanted).all()
    settled = 0
    for row in rows:
        if asking.is_over:
            break
        finding = asking.about(row)
        now = clock.now()
        verdict = after_looking(finding, row.attempts, row.misses, now, grace, row.sending_at)
        with runtime.db.transaction() as connection:
            settle(connection, {(row.id, row.attempts): verdict}, now)
        settled += verdict.state is not State.UNKNOWN
    return settled


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
            if due is not None and runtime.bell.ring(queue, DELIVER, due, one_is_enough=True):
                rung += 1
    return rung
