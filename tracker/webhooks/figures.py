"""What those who watch the system want to know of webhooks."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, true

from tracker.webhooks.models import Webhook, WebhookDelivery
from tracker.webhooks.rules import RESTS_AFTER, Delivery, State, Why


@dataclass(frozen=True)
class WebhookFigures:
    """Webhooks by how they do, and how long the oldest delivery that is due has waited, in seconds."""

    webhooks: dict[str, int]
    oldest_due: float


def webhook_figures(connection: Connection, now: datetime) -> WebhookFigures:
    """The figures; nothing that grows is counted."""
    found = dict.fromkeys(("active", "failing", "paused", "paused_failing"), 0)
    wanted = select(Webhook.state, Webhook.paused_why, Webhook.failures).where(Webhook.state != State.DELETED)
    for state, why, failures in connection.execute(wanted):
        if state == State.PAUSED:
            found["paused" if why == Why.BY_HAND else "paused_failing"] += 1
        else:
            found["failing" if failures >= RESTS_AFTER else "active"] += 1
    first = (
        select(func.min(WebhookDelivery.next_at).label("at"))
        .where(WebhookDelivery.webhook_id == Webhook.id, WebhookDelivery.state == Delivery.WAITING)
        .lateral()
    )
    # A webhook in trouble lets its deliveries wait; that says nothing of the worker.
    oldest = connection.scalar(
        select(func.min(first.c.at))
        .select_from(Webhook.__table__.join(first, true()))
        .where(Webhook.state == State.ACTIVE, Webhook.failures < RESTS_AFTER)
    )
    return WebhookFigures(found, max(0.0, (now - oldest).total_seconds()) if oldest is not None else 0.0)
