"""Write down what came of each attempt, let the next event of its order go, and see how the webhook does."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    DateTime,
    Integer,
    Row,
    String,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    true,
    update,
)

from tracker import clock
from tracker.notices import tallies
from tracker.runtime import Runtime
from tracker.webhooks.claim import Claimed
from tracker.webhooks.models import Webhook, WebhookDelivery
from tracker.webhooks.rules import PING, Answer, Delivery, State, Why, is_failing, next_attempt, rest_after

log = structlog.get_logger(__name__)

ATTEMPTS = "webhook_attempts"

_deliveries, _webhooks = WebhookDelivery.__table__, Webhook.__table__
_instant = DateTime(timezone=True)


def _written(*states: Delivery) -> list[Any]:
    return [literal_column(f"'{state}'") for state in states]


_COLUMNS = {
    "delivery": BigInteger,
    "attempt": Integer,
    "state": String,
    "next_at": _instant,
    "ended_at": _instant,
    "status": Integer,
    "error": String,
    "took_ms": Integer,
}
_given = (
    func.unnest(*(bindparam(f"given_{name}", type_=ARRAY(kind)) for name, kind in _COLUMNS.items()))
    .table_valued(*(column(name, kind) for name, kind in _COLUMNS.items()), name="given")
    .render_derived()
)
_RECORD = (
    update(_deliveries)
    .where(
        _deliveries.c.id == _given.c.delivery,
        or_(
            (_deliveries.c.state == _written(Delivery.SENDING)[0])
            & (_deliveries.c.attempts == _given.c.attempt),
            # Whoever stood still beyond the lease still knows best that it arrived.
            (_given.c.state == Delivery.DELIVERED)
            & _deliveries.c.state.in_(_written(Delivery.WAITING, Delivery.SENDING)),
        ),
    )
    .values(
        state=_given.c.state,
        next_at=_given.c.next_at,
        ended_at=_given.c.ended_at,
        lease_until=None,
        tried_at=bindparam("now", type_=_instant),
        status=_given.c.status,
        error=_given.c.error,
        took_ms=_given.c.took_ms,
    )
)
_lanes = (
    func.unnest(
        bindparam("lane_webhooks", type_=ARRAY(Integer)), bindparam("lane_orders", type_=ARRAY(BigInteger))
    )
    .table_valued(column("webhook", Integer), column("lane", BigInteger), name="lanes")
    .render_derived()
)
_open = _deliveries.alias("open")
_first = (
    select(_open.c.id)
    .where(
        _open.c.webhook_id == _lanes.c.webhook,
        _open.c.lane == _lanes.c.lane,
        _open.c.ended_at.is_(None),
    )
    .order_by(_open.c.id)
    .limit(1)
    .lateral("first")
)
_first_ids = select(_first.c.id).select_from(_lanes.join(_first, true())).scalar_subquery()
_LET_GO = (
    update(_deliveries)
    .where(
        _deliveries.c.id == func.any(func.array(_first_ids)),
        _deliveries.c.state == _written(Delivery.QUEUED)[0],
    )
    .values(state=Delivery.WAITING, next_at=bindparam("now", type_=_instant))
)
_LOCK = (
    select(_webhooks)
    .where(_webhooks.c.id == func.any(bindparam("ids", type_=ARRAY(Integer))))
    .order_by(_webhooks.c.id)
    .with_for_update(key_share=True)
)


def record(runtime: Runtime, done: Sequence[tuple[Claimed, Answer]]) -> None:
    """Write down a batch of attempts in one transaction."""
    now = clock.now()
    ids = sorted({claimed.webhook_id for claimed, _ in done})
    with runtime.db.transaction() as connection:
        # First, and in one order everywhere: `fan_out` holds the same row while it queues what is new.
        webhooks = connection.execute(_LOCK, {"ids": ids}).all()
        rows = [_row(claimed, answer, now) for claimed, answer in done]
        arrays = {f"given_{name}": [row[name] for row in rows] for name in _COLUMNS}
        connection.execute(_RECORD, {"now": now, **arrays})
        ended = {
            (claimed.webhook_id, claimed.lane)
            for (claimed, _), row in zip(done, rows, strict=True)
            if claimed.lane is not None and row["ended_at"] is not None
        }
        let_go(connection, ended, now)
        for webhook in webhooks:
            mine = [(c, answer) for c, answer in done if c.webhook_id == webhook.id]
            _see_how_it_does(connection, webhook, mine, now)
        outcomes = Counter(
            "delivered" if answer.is_success else answer.in_words or "failed" for _, answer in done
        )
        tallies.count(connection, {(ATTEMPTS, word[:30]): float(count) for word, count in outcomes.items()})
    for (claimed, answer), row in zip(done, rows, strict=True):
        if row["state"] == Delivery.GIVEN_UP and claimed.type != PING:
            log.warning(
                "webhook_delivery_given_up",
                webhook=claimed.webhook_id,
                delivery=claimed.id,
                error=answer.in_words,
            )


def let_go(connection: Connection, lanes: Iterable[tuple[int, int]], now: datetime) -> None:
    """Make the first that is open of each lane (webhook and order) due, if it was queued behind another."""
    wanted = sorted(lanes)
    if wanted:
        given = {
            "now": now,
            "lane_webhooks": [webhook_id for webhook_id, _ in wanted],
            "lane_orders": [lane for _, lane in wanted],
        }
        connection.execute(_LET_GO, given)


def _row(claimed: Claimed, answer: Answer, now: datetime) -> dict[str, Any]:
    state, next_at = Delivery.DELIVERED, None
    if not answer.is_success:
        if claimed.type != PING:
            chance = random.random()  # noqa: S311 - spreads load, guards nothing
            next_at = next_attempt(answer, claimed.attempt, now, chance)
        state = Delivery.GIVEN_UP if next_at is None else Delivery.WAITING
    return {
        "delivery": claimed.id,
        "attempt": claimed.attempt,
        "state": state,
        "next_at": next_at,
        "ended_at": now if next_at is None else None,
        "status": answer.status,
        "error": answer.in_words,
        "took_ms": answer.took_ms,
    }


def _see_how_it_does(
    connection: Connection, webhook: Row[Any], done: Sequence[tuple[Claimed, Answer]], now: datetime
) -> None:
    """Count failures in a row; leave it alone for a while, or pause it."""
    answers = [answer for claimed, answer in done if claimed.type != PING]
    changes: dict[str, Any]
    if not answers:
        # A test says nothing of what is to be delivered, but one that gets through ends a rest.
        if not any(answer.is_success for _, answer in done):
            return
        changes = {"rests_until": None}
    elif any(answer.is_success for answer in answers):
        changes = {"failures": 0, "failing_since": None, "rests_until": None, "delivered_at": now}
    else:
        failures = webhook.failures + len(answers)
        since = webhook.failing_since or now
        changes = {"failures": failures, "failing_since": since, "rests_until": rest_after(failures, now)}
        why = _why_pause(answers, failures, since, now)
        if why is not None and webhook.state == State.ACTIVE:
            log.warning("webhook_paused", webhook=webhook.id, why=why.value, failures=failures)
            changes |= _paused(webhook, why, now)
    connection.execute(update(_webhooks).where(_webhooks.c.id == webhook.id).values(**changes))


def _why_pause(answers: Sequence[Answer], failures: int, since: datetime, now: datetime) -> Why | None:
    if any(answer.is_gone for answer in answers):
        return Why.GONE
    return Why.FAILING if is_failing(failures, since, now) else None


def _paused(webhook: Row[Any], why: Why, now: datetime) -> Mapping[str, Any]:
    return {
        "state": State.PAUSED,
        "paused_why": why,
        "paused_at": now,
        "version": webhook.version + 1,
        "changed_by": "system",
        "changed_at": now,
    }
