"""Take due deliveries for one worker, so that no other sends them meanwhile."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import (
    ARRAY,
    Boolean,
    DateTime,
    Integer,
    Row,
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
from tracker.crypto import UnreadableError
from tracker.fields import Timestamp
from tracker.orders.feed import events_by_id
from tracker.orders.schemas import EventSchema
from tracker.runtime import Runtime
from tracker.webhooks.models import Webhook, WebhookDelivery
from tracker.webhooks.rules import PING, RESTS_AFTER, Answer, Delivery, State
from tracker.webhooks.send import Message
from tracker.webhooks.signing import headers_of, opened

log = structlog.get_logger(__name__)

# At once for all webhooks.
MOST = 1000
# A worker holds several times as many as may be under way, so that the sender never waits for the database;
# even if each takes its full time, the last is begun before the lease runs out.
_IN_HAND = 4
_LEASE_TIMEOUTS = _IN_HAND + 1

_event, _instant_field = EventSchema(), Timestamp()
_instant = DateTime(timezone=True)
_waiting = literal_column(f"'{Delivery.WAITING}'")
_given = (
    func.unnest(
        bindparam("webhooks", type_=ARRAY(Integer)),
        bindparam("rooms", type_=ARRAY(Integer)),
        bindparam("tests", type_=ARRAY(Boolean)),
    )
    .table_valued(column("webhook", Integer), column("room", Integer), column("test", Boolean), name="given")
    .render_derived()
)
_one = WebhookDelivery.__table__.alias("one")
_due = (
    select(_one.c.id)
    .where(
        _one.c.webhook_id == _given.c.webhook,
        # Written out: a plan made for any state could not use the index of this one.
        _one.c.state == _waiting,
        _one.c.next_at <= bindparam("now", type_=_instant),
        or_(~_given.c.test, _one.c.type == PING),
    )
    .order_by(_one.c.next_at, _one.c.id)
    .limit(_given.c.room)
    .with_for_update(skip_locked=True, key_share=True)
    .lateral("due")
)
_due_ids = select(_due.c.id).select_from(_given.join(_due, true())).scalar_subquery()
_CLAIM = (
    update(WebhookDelivery.__table__)
    .where(WebhookDelivery.id == func.any(func.array(_due_ids)))
    .values(
        state=Delivery.SENDING,
        attempts=WebhookDelivery.attempts + 1,
        lease_until=bindparam("until", type_=_instant),
    )
    .returning(
        WebhookDelivery.id,
        WebhookDelivery.webhook_id,
        WebhookDelivery.event_id,
        WebhookDelivery.type,
        WebhookDelivery.attempts,
        WebhookDelivery.lane,
        WebhookDelivery.created_at,
    )
)
_has_test = (
    select(WebhookDelivery.id)
    .where(
        WebhookDelivery.webhook_id == Webhook.id,
        WebhookDelivery.state == _waiting,
        WebhookDelivery.type == PING,
    )
    .exists()
)
# A test goes out also where all else is paused.
_READY = select(Webhook.__table__).where(
    or_(Webhook.state == State.ACTIVE, (Webhook.state == State.PAUSED) & _has_test)
)
_EXPIRED = (
    update(WebhookDelivery.__table__)
    .where(
        WebhookDelivery.state == literal_column(f"'{Delivery.SENDING}'"),
        WebhookDelivery.lease_until < bindparam("now", type_=_instant),
    )
    .values(state=Delivery.WAITING, next_at=bindparam("now", type_=_instant), lease_until=None)
)


@dataclass(frozen=True)
class Claimed:
    """A delivery that this worker has, with the number of the attempt that it is for.

    Either the message that is to be sent, or what keeps it from being sent at all.
    """

    id: int
    webhook_id: int
    attempt: int
    lane: int | None
    type: str
    message: Message | Answer


def recover(runtime: Runtime) -> int:
    """Make due again what a worker took and did not report on; it may have been received already."""
    with runtime.db.transaction() as connection:
        return connection.execute(_EXPIRED, {"now": clock.now()}).rowcount


def claim(runtime: Runtime, in_hand: Mapping[int, int]) -> list[Claimed]:
    """Take what is due, as much for each webhook as it has room beside what is `in_hand`, and commit that.

    A webhook that is resting or paused gets tests only, one in trouble one request at a time.
    """
    now = clock.now()
    until = now + timedelta(seconds=_LEASE_TIMEOUTS * runtime.config.webhook_timeout)
    with runtime.db.reading() as connection:
        ready = connection.execute(_READY).all()
    rooms = [(webhook, *_room(runtime, webhook, in_hand.get(webhook.id, 0), now)) for webhook in ready]
    rooms = [one for one in rooms if one[1] > 0]
    if not rooms:
        return []
    given = {
        "now": now,
        "until": until,
        "webhooks": [webhook.id for webhook, _, _ in rooms],
        "rooms": [min(room, MOST // len(rooms) + 1) for _, room, _ in rooms],
        "tests": [test for _, _, test in rooms],
    }
    with runtime.db.transaction() as connection:
        rows = connection.execute(_CLAIM, given).all()
    if not rows:
        return []
    with runtime.db.reading() as connection:
        events = events_by_id(connection, (row.event_id for row in rows if row.event_id is not None))
    webhooks = {webhook.id: webhook for webhook in ready}
    return [
        Claimed(
            row.id,
            row.webhook_id,
            row.attempts,
            row.lane,
            row.type,
            _message(runtime, webhooks[row.webhook_id], row, events, until),
        )
        for row in sorted(rows, key=lambda row: row.id)
    ]


def _room(runtime: Runtime, webhook: Row[Any], in_hand: int, now: datetime) -> tuple[int, bool]:
    """How many more it may get, and whether of tests only."""
    if webhook.state == State.PAUSED or (webhook.rests_until is not None and webhook.rests_until > now):
        return 1, True
    most = 1 if webhook.failures >= RESTS_AFTER else _IN_HAND * runtime.config.webhook_in_flight
    return most - in_hand, False


def _message(
    runtime: Runtime,
    webhook: Row[Any],
    row: Row[Any],
    events: Mapping[int, Mapping[str, Any]],
    until: datetime,
) -> Message | Answer:
    now = clock.now()
    if row.event_id is None:
        message_id, at, data = f"ping_{row.id}", row.created_at, {"webhook": str(webhook.id)}
    elif row.event_id not in events:
        return Answer(error="event_missing")
    else:
        event = events[row.event_id]
        message_id, at, data = f"evt_{webhook.id}_{row.event_id}", event["recorded_at"], _event.dump(event)
    in_overlap = webhook.previous_until is not None and webhook.previous_until > now
    try:
        secrets = opened(runtime.keys, webhook.secret, webhook.previous_secret if in_overlap else None)
    except UnreadableError:
        # Damaged, or sealed under a key that was added since this process started.
        log.error("webhook_secret_unreadable", webhook=webhook.id)
        return Answer(error="secret_unreadable")
    document = {"type": row.type, "timestamp": _instant_field.serialize("at", {"at": at}), "data": data}
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Message(webhook.id, webhook.url, body, headers_of(message_id, body, secrets, now), until)
