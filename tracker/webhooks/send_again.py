"""Send on demand: a test, or once more what was delivered or given up."""

from sqlalchemy import Connection, insert, select

from tracker import clock
from tracker.db import after_commit
from tracker.orders.actor import Actor
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.webhooks.change_webhook import lock_webhook
from tracker.webhooks.deliver import DELIVER, QUEUE
from tracker.webhooks.models import WebhookDelivery
from tracker.webhooks.rules import PING, Delivery


def send_test(runtime: Runtime, actor: Actor, webhook_id: int) -> int:
    """Have a `test.ping` sent, once, also where the webhook is paused; returns the delivery's id.

    A worker sends it, as it sends everything else. Raises Refusal webhook.not_found.
    """
    with runtime.db.transaction() as connection:
        lock_webhook(connection, actor, webhook_id)
        return _due_now(connection, runtime, actor, webhook_id, type=PING)


def send_again(runtime: Runtime, actor: Actor, webhook_id: int, delivery_id: int) -> int:
    """Have an event sent once more under its own message id; returns the new delivery's id.

    It waits for no other and none waits for it. Raises Refusal: webhook.not_found,
    delivery.not_found, or delivery.open for one that is still being tried.
    """
    with runtime.db.transaction() as connection:
        lock_webhook(connection, actor, webhook_id)
        found = connection.execute(
            select(WebhookDelivery.event_id, WebhookDelivery.type, WebhookDelivery.ended_at).where(
                WebhookDelivery.id == delivery_id, WebhookDelivery.webhook_id == webhook_id
            )
        ).one_or_none()
        if found is None or found.event_id is None:
            raise Refusal(Fault("delivery.not_found"))
        if found.ended_at is None:
            raise Refusal(Fault("delivery.open"))
        return _due_now(
            connection,
            runtime,
            actor,
            webhook_id,
            type=found.type,
            event_id=found.event_id,
            resend_of=delivery_id,
        )


def _due_now(
    connection: Connection, runtime: Runtime, actor: Actor, webhook_id: int, **what: str | int
) -> int:
    now = clock.now()
    delivery_id = connection.scalar(
        insert(WebhookDelivery)
        .values(
            operator_id=actor.operator_id,
            webhook_id=webhook_id,
            state=Delivery.WAITING,
            next_at=now,
            attempts=0,
            created_by=actor.label,
            created_at=now,
            **what,
        )
        .returning(WebhookDelivery.id)
    )
    assert delivery_id is not None  # noqa: S101 - an insert returns its row
    after_commit(lambda: _ring(runtime))
    return delivery_id


def _ring(runtime: Runtime) -> None:
    runtime.bell.ring(QUEUE, DELIVER, one_is_enough=True)
