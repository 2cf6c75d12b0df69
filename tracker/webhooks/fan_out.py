"""Write a delivery for each event that a webhook wants, in the commit that moves it on in the feed."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, tuple_, update

from tracker import clock
from tracker.orders.feed import behind
from tracker.orders.models import OrderEvent
from tracker.orders.positions import HORIZON
from tracker.runtime import Runtime
from tracker.webhooks.models import Webhook, WebhookDelivery
from tracker.webhooks.rules import Delivery, State

# Read at once; and no more is written for a webhook that has so much to deliver still: what is behind
# stays in the feed.
SLICE = 500
MOST_OPEN = 5000

_webhooks, _deliveries = Webhook.__table__, WebhookDelivery.__table__
_EVENTS = behind(
    select(OrderEvent.id, OrderEvent.order_id, OrderEvent.operator_id, OrderEvent.kind, OrderEvent.written_in)
)
_BEHIND = (
    select(Webhook.id)
    .where(
        Webhook.state == State.ACTIVE,
        select(OrderEvent.id)
        .where(
            OrderEvent.channel_id == Webhook.channel_id,
            tuple_(OrderEvent.written_in, OrderEvent.id)
            > tuple_(Webhook.through_written_in, Webhook.through_id),
            OrderEvent.written_in < HORIZON,
        )
        .limit(1)
        .exists(),
    )
    .order_by(Webhook.id)
)
_MOVE = update(_webhooks)
_WRITE = insert(_deliveries)


def fan_out(runtime: Runtime) -> int:
    """One slice for each webhook that is behind the feed; returns how many events were passed."""
    with runtime.db.reading() as connection:
        wanted = connection.scalars(_BEHIND).all()
    return sum(_slice_for(runtime, webhook_id) for webhook_id in wanted)


def _slice_for(runtime: Runtime, webhook_id: int) -> int:
    now = clock.now()
    with runtime.db.transaction() as connection:
        # Whoever records what was delivered takes the same row: nothing is queued behind what ends now.
        webhook = connection.execute(
            select(_webhooks)
            .where(Webhook.id == webhook_id, Webhook.state == State.ACTIVE)
            .with_for_update(skip_locked=True, key_share=True)
        ).one_or_none()
        if webhook is None or _open_ones(connection, webhook_id) >= MOST_OPEN:
            return 0
        given = {
            "channel": webhook.channel_id,
            "behind": webhook.through_written_in,
            "behind_id": webhook.through_id,
            "most": SLICE,
        }
        events = connection.execute(_EVENTS, given).all()
        if not events:
            return 0
        wanted = [
            event for event in events if webhook.events is None or f"order.{event.kind}" in webhook.events
        ]
        if wanted:
            lanes = {event.order_id for event in wanted}
            rows = _rows(webhook, wanted, _open_lanes(connection, webhook_id, lanes), now)
            connection.execute(_WRITE, rows)
        last = events[-1]
        connection.execute(
            _MOVE.where(Webhook.id == webhook_id).values(
                through_written_in=last.written_in, through_id=last.id
            )
        )
    return len(events)


def _rows(webhook: Row[Any], events: list[Row[Any]], taken: set[int], now: datetime) -> list[dict[str, Any]]:
    rows = []
    for event in events:
        is_first = event.order_id not in taken
        taken.add(event.order_id)
        rows.append(
            {
                "operator_id": webhook.operator_id,
                "webhook_id": webhook.id,
                "event_id": event.id,
                "type": f"order.{event.kind}",
                "lane": event.order_id,
                "state": Delivery.WAITING if is_first else Delivery.QUEUED,
                "next_at": now if is_first else None,
                "attempts": 0,
                "created_at": now,
            }
        )
    return rows


def _open_lanes(connection: Connection, webhook_id: int, lanes: set[int]) -> set[int]:
    """Those of these orders of which something is still to be delivered."""
    return set(
        connection.scalars(
            select(WebhookDelivery.lane)
            .distinct()
            .where(
                WebhookDelivery.webhook_id == webhook_id,
                WebhookDelivery.lane == func.any(sorted(lanes)),
                WebhookDelivery.ended_at.is_(None),
            )
        )
    )


def _open_ones(connection: Connection, webhook_id: int) -> int:
    """How many deliveries are open, as far as it matters."""
    some = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.ended_at.is_(None))
        .limit(MOST_OPEN)
        .subquery()
    )
    return connection.scalar(select(func.count()).select_from(some)) or 0
