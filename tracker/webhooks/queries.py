"""Reads of webhooks and of their deliveries."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, true

from tracker.orders.actor import Actor
from tracker.orders.models import Order, OrderEvent
from tracker.webhooks.models import Webhook, WebhookDelivery
from tracker.webhooks.rules import State

_SHOWN = (
    Webhook.id,
    Webhook.channel_id,
    Webhook.url,
    Webhook.events,
    Webhook.state,
    Webhook.paused_why,
    Webhook.paused_at,
    Webhook.previous_until,
    Webhook.version,
    Webhook.created_by,
    Webhook.created_at,
    Webhook.changed_by,
    Webhook.changed_at,
    Webhook.failures,
    Webhook.failing_since,
    Webhook.delivered_at,
)
_DELIVERY = (
    select(
        WebhookDelivery.id,
        WebhookDelivery.webhook_id,
        WebhookDelivery.event_id,
        WebhookDelivery.type,
        WebhookDelivery.resend_of,
        WebhookDelivery.state,
        WebhookDelivery.next_at,
        WebhookDelivery.attempts,
        WebhookDelivery.tried_at,
        WebhookDelivery.took_ms,
        WebhookDelivery.status,
        WebhookDelivery.error,
        WebhookDelivery.created_by,
        WebhookDelivery.created_at,
        WebhookDelivery.ended_at,
        Order.number.label("order"),
    )
    .outerjoin(OrderEvent, OrderEvent.id == WebhookDelivery.event_id)
    .outerjoin(Order, Order.id == OrderEvent.order_id)
)
# As many open deliveries are counted; for more it is enough to know that they are many.
COUNTED = 1000


def _of(actor: Actor) -> Select[Any]:
    wanted = select(*_SHOWN).where(Webhook.operator_id == actor.operator_id, Webhook.state != State.DELETED)
    return wanted if actor.channel_id is None else wanted.where(Webhook.channel_id == actor.channel_id)


def webhooks(connection: Connection, actor: Actor) -> Sequence[Row[Any]]:
    """The actor's webhooks, oldest first: a channel's own, or all of an operator's for its staff."""
    return connection.execute(_of(actor).order_by(Webhook.id)).all()


def webhook(connection: Connection, actor: Actor, webhook_id: int) -> Row[Any] | None:
    """One of the actor's webhooks."""
    return connection.execute(_of(actor).where(Webhook.id == webhook_id)).one_or_none()


def deliveries(
    connection: Connection, webhook_id: int, *, before_id: int | None, limit: int, state: str | None
) -> tuple[Sequence[Row[Any]], int | None]:
    """Deliveries of a webhook, newest first; and the id to go on below, None at the end."""
    wanted = (
        _DELIVERY.where(WebhookDelivery.webhook_id == webhook_id)
        .order_by(WebhookDelivery.id.desc())
        .limit(limit + 1)
    )
    if before_id is not None:
        wanted = wanted.where(WebhookDelivery.id < before_id)
    if state is not None:
        wanted = wanted.where(WebhookDelivery.state == state)
    rows = connection.execute(wanted).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def delivery(connection: Connection, webhook_id: int, delivery_id: int) -> Row[Any] | None:
    """One delivery of a webhook."""
    return connection.execute(
        _DELIVERY.where(WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.id == delivery_id)
    ).one_or_none()


def open_deliveries(connection: Connection, webhook_ids: Sequence[int]) -> dict[int, int]:
    """How many deliveries of each webhook are still to be made, up to COUNTED."""
    some = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.webhook_id == Webhook.id, WebhookDelivery.ended_at.is_(None))
        .limit(COUNTED)
        .lateral()
    )
    wanted = (
        select(Webhook.id, func.count(some.c.id).label("open"))
        .select_from(Webhook.__table__.outerjoin(some, true()))
        .where(Webhook.id.in_(webhook_ids))
        .group_by(Webhook.id)
    )
    return {row.id: row.open for row in connection.execute(wanted)}
