"""Set a webhook up, change it, pause it, let it go on, give it another secret, take it away."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Row, func, insert, select, update

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.positions import HORIZON
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.webhooks.addresses import check_url
from tracker.webhooks.models import Webhook, WebhookDelivery
from tracker.webhooks.rules import MOST_OF_A_CHANNEL, Delivery, State, Why
from tracker.webhooks.signing import new_secret, sealed

log = structlog.get_logger(__name__)

_LAST_ID = 2**63 - 1
_webhooks = Webhook.__table__


def create_webhook(
    runtime: Runtime, actor: Actor, channel_id: int, request: Mapping[str, Any]
) -> tuple[int, str]:
    """Store a webhook of a channel, loaded by WebhookRequestSchema; returns its id and its secret.

    It is told of what is written from now on. The secret is given this once only. Raises Refusal:
    webhook.too_many, or the rule that the address breaks.
    """
    check_url(request["url"], runtime.config.webhook_allow)
    now, secret = clock.now(), new_secret()
    with runtime.db.transaction() as connection:
        # Two at once must not both be the last that there is room for.
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("webhooks"), channel_id)))
        count = connection.scalar(
            select(func.count())
            .select_from(_webhooks)
            .where(Webhook.channel_id == channel_id, Webhook.state != State.DELETED)
        )
        if (count or 0) >= MOST_OF_A_CHANNEL:
            raise Refusal(Fault("webhook.too_many", "", {"most": MOST_OF_A_CHANNEL}))
        webhook_id = connection.scalar(
            insert(Webhook)
            .values(
                operator_id=actor.operator_id,
                channel_id=channel_id,
                url=request["url"],
                events=request["events"],
                secret=sealed(runtime.keys, secret),
                state=State.ACTIVE,
                version=1,
                created_by=actor.label,
                created_at=now,
                changed_by=actor.label,
                changed_at=now,
                through_written_in=HORIZON - 1,
                through_id=_LAST_ID,
                failures=0,
            )
            .returning(Webhook.id)
        )
    assert webhook_id is not None  # noqa: S101 - an insert returns its row
    log.info("webhook_created", webhook=webhook_id, by=actor.label)
    return webhook_id, secret


def change_webhook(
    runtime: Runtime, actor: Actor, webhook_id: int, request: Mapping[str, Any], *, if_version: int | None
) -> None:
    """Put another address or other types in place. Raises Refusal as `create_webhook` and `lock_webhook`."""
    check_url(request["url"], runtime.config.webhook_allow)
    with runtime.db.transaction() as connection:
        webhook = lock_webhook(connection, actor, webhook_id, if_version)
        # What was learnt of the old address says nothing of another.
        fresh = (
            {"failures": 0, "failing_since": None, "rests_until": None}
            if request["url"] != webhook.url
            else {}
        )
        _write(connection, actor, webhook, url=request["url"], events=request["events"], **fresh)
    log.info("webhook_changed", webhook=webhook_id, by=actor.label)


def delete_webhook(runtime: Runtime, actor: Actor, webhook_id: int, *, if_version: int | None) -> None:
    """Take a webhook away; what it was still to be told of is given up. Raises Refusal as `lock_webhook`."""
    now = clock.now()
    with runtime.db.transaction() as connection:
        webhook = lock_webhook(connection, actor, webhook_id, if_version)
        _write(
            connection,
            actor,
            webhook,
            state=State.DELETED,
            paused_why=None,
            paused_at=None,
            url="",
            secret=b"",
            previous_secret=None,
            previous_until=None,
        )
        connection.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.ended_at.is_(None))
            .values(
                state=Delivery.GIVEN_UP, ended_at=now, next_at=None, lease_until=None, error="webhook_deleted"
            )
        )
    log.info("webhook_deleted", webhook=webhook_id, by=actor.label)


def pause_webhook(runtime: Runtime, actor: Actor, webhook_id: int, *, if_version: int | None) -> None:
    """Send nothing more until it is resumed; nothing is lost meanwhile. One that is paused stays so.

    Raises Refusal as `lock_webhook`.
    """
    with runtime.db.transaction() as connection:
        webhook = lock_webhook(connection, actor, webhook_id, if_version)
        if webhook.state == State.PAUSED:
            return
        _write(
            connection,
            actor,
            webhook,
            state=State.PAUSED,
            paused_why=Why.BY_HAND,
            paused_at=clock.now(),
        )
    log.info("webhook_paused", webhook=webhook_id, why=Why.BY_HAND.value, by=actor.label)


def resume_webhook(runtime: Runtime, actor: Actor, webhook_id: int, *, if_version: int | None) -> None:
    """Go on where it stopped: what waits is due at once, and the events since then follow.

    Raises Refusal as `lock_webhook`.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        webhook = lock_webhook(connection, actor, webhook_id, if_version)
        if webhook.state == State.ACTIVE:
            return
        _write(
            connection,
            actor,
            webhook,
            state=State.ACTIVE,
            paused_why=None,
            paused_at=None,
            failures=0,
            failing_since=None,
            rests_until=None,
        )
        connection.execute(
            update(WebhookDelivery)
            .where(
                WebhookDelivery.webhook_id == webhook_id,
                WebhookDelivery.state == Delivery.WAITING,
                WebhookDelivery.next_at > now,
            )
            .values(next_at=now)
        )
    log.info("webhook_resumed", webhook=webhook_id, by=actor.label)


def rotate_secret(
    runtime: Runtime, actor: Actor, webhook_id: int, overlap: timedelta, *, if_version: int | None
) -> str:
    """Give it another secret and return that, once; for `overlap` the one before signs as well.

    Raises Refusal as `lock_webhook`.
    """
    now, secret = clock.now(), new_secret()
    with runtime.db.transaction() as connection:
        webhook = lock_webhook(connection, actor, webhook_id, if_version)
        _write(
            connection,
            actor,
            webhook,
            secret=sealed(runtime.keys, secret),
            previous_secret=webhook.secret if overlap else None,
            previous_until=now + overlap if overlap else None,
        )
    log.info("webhook_secret_rotated", webhook=webhook_id, by=actor.label)
    return secret


def lock_webhook(
    connection: Connection, actor: Actor, webhook_id: int, if_version: int | None = None
) -> Row[Any]:
    """A webhook that the actor may change, locked until the commit.

    Raises Refusal: webhook.not_found for one that is not theirs, version.stale where somebody was faster.
    """
    wanted = (
        select(_webhooks)
        .where(
            Webhook.id == webhook_id,
            Webhook.operator_id == actor.operator_id,
            Webhook.state != State.DELETED,
        )
        .with_for_update(key_share=True)
    )
    if actor.channel_id is not None:
        wanted = wanted.where(Webhook.channel_id == actor.channel_id)
    found = connection.execute(wanted).one_or_none()
    if found is None:
        raise Refusal(Fault("webhook.not_found"))
    if if_version is not None and if_version != found.version:
        raise Refusal(Fault("version.stale"))
    return found


def _write(connection: Connection, actor: Actor, webhook: Row[Any], **changes: Any) -> None:
    now: datetime = clock.now()
    connection.execute(
        update(Webhook)
        .where(Webhook.id == webhook.id)
        .values(version=webhook.version + 1, changed_by=actor.label, changed_at=now, **changes)
    )
