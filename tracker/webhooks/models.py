"""Tables of webhooks and of what was delivered to them."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.webhooks.rules import LONGEST_URL, Delivery, State, Why


def _one_of(column: str, words: type[State] | type[Why] | type[Delivery]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(word.value) for word in words)})", name=column)


class Webhook(Base):
    """An address that a channel's events are sent to. It is not deleted but ends, with its secrets gone.

    `events` are the types it wants, None for all. `secret` signs; for a while after a rotation
    `previous_secret` signs too. `through_*` is how far into the feed deliveries have been written.
    `failures`, `failing_since` and `rests_until` tell of attempts since the last one that got through.
    """

    __tablename__ = "webhooks"
    __table_args__ = (
        _one_of("state", State),
        _one_of("paused_why", Why),
        CheckConstraint(
            "(state = 'paused') = (paused_why IS NOT NULL) AND (state = 'paused') = (paused_at IS NOT NULL)",
            name="paused",
        ),
        CheckConstraint("(previous_secret IS NULL) = (previous_until IS NULL)", name="previous"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), index=True)
    url: Mapped[str] = mapped_column(String(LONGEST_URL))
    events: Mapped[list[str] | None] = mapped_column(ARRAY(String(40)))
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    previous_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_until: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(8))
    paused_why: Mapped[str | None] = mapped_column(String(8))
    paused_at: Mapped[datetime | None]
    version: Mapped[int]
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime]
    through_written_in: Mapped[int] = mapped_column(BigInteger)
    through_id: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int]
    failing_since: Mapped[datetime | None]
    rests_until: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    """One event for one webhook, and what came of sending it; or a test, which has no event.

    The row is the queue. Deliveries with the same `lane`, which is the order, go one after the other in
    the order of their ids: one is waiting or being sent, the others are queued behind it. A test and what
    is sent again by hand (`resend_of`) have no lane and wait for nobody. The body is made of the event,
    which never changes, so it is not kept.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        _one_of("state", Delivery),
        CheckConstraint("(state IN ('delivered', 'given_up')) = (ended_at IS NOT NULL)", name="ended"),
        Index("ix_webhook_deliveries_log", "webhook_id", "id"),
        Index(
            "ix_webhook_deliveries_given_up",
            "webhook_id",
            "id",
            postgresql_where=text("state = 'given_up'"),
        ),
        Index(
            "ix_webhook_deliveries_due",
            "webhook_id",
            "next_at",
            "id",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_webhook_deliveries_leased", "lease_until", postgresql_where=text("state = 'sending'")),
        Index(
            "ix_webhook_deliveries_lanes",
            "webhook_id",
            "lane",
            "id",
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_webhook_deliveries_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id"))
    event_id: Mapped[int | None] = mapped_column(BigInteger)
    type: Mapped[str] = mapped_column(String(40))
    lane: Mapped[int | None] = mapped_column(BigInteger)
    resend_of: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))
    next_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(SmallInteger)
    tried_at: Mapped[datetime | None]
    took_ms: Mapped[int | None]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    error: Mapped[str | None] = mapped_column(String(40))
    created_by: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
