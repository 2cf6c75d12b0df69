"""Upkeep of webhooks: old deliveries and secrets whose time is over go away."""

from datetime import timedelta

from sqlalchemy import delete, func, select, update

from tracker import clock
from tracker.runtime import Runtime
from tracker.webhooks.models import Webhook, WebhookDelivery

KEPT_FOR = timedelta(days=30)
_SLICE = 5000
_MOST_SLICES = 100


def keep_webhooks(runtime: Runtime) -> int:
    """Forget secrets that do not sign any more and what ended over 30 days ago; returns how much of that."""
    now = clock.now()
    with runtime.db.transaction() as connection:
        connection.execute(
            update(Webhook)
            .where(Webhook.previous_until < now)
            .values(previous_secret=None, previous_until=None)
        )
    old = select(WebhookDelivery.id).where(WebhookDelivery.ended_at < now - KEPT_FOR).limit(_SLICE)
    gone = 0
    # The rest of a great many has time until the next round.
    for _ in range(_MOST_SLICES):
        with runtime.db.transaction() as connection:
            some = delete(WebhookDelivery).where(
                WebhookDelivery.id == func.any(func.array(old.scalar_subquery()))
            )
            deleted = connection.execute(some).rowcount
        gone += deleted
        if deleted < _SLICE:
            break
    return gone
