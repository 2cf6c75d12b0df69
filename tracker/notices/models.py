"""Tables of notices, of every attempt to send one and of every receipt for one."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.notices.rules import QUEUES, State


class Notice(Base):
    """One text that a customer is to get, exactly one row per `dedup_key` (invariant I2).

    The row is the queue: due when `state` is created and `next_at` has come. While a worker
    holds it, `state` is sending until `lease_until`; after that it may or may not have gone out
    and becomes unknown. `body` is frozen when planned; the recipient's phone is sealed, and a keyed
    digest of it tells how often the same text went to the same number.
    `ask_at`: when the provider is to be asked about an accepted text that no receipt speaks of.
    `must_arrive`: unless its delivery is confirmed, a person calls. `retry_of`: the same text that the
    provider could not deliver, which this one tries once more.
    `secret`: a code, sealed, in whose place params and body hold SECRET_SHOWN. It is put in as the text is
    handed over. While nobody knows whether that was done it is needed to find the text again; after that it
    is forgotten.
    """

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("dedup_key"),
        CheckConstraint(f"state IN ({', '.join(repr(s.value) for s in State)})", name="state"),
        CheckConstraint(f"queue IN ({', '.join(repr(q) for q in QUEUES)})", name="queue"),
        Index("ix_notices_due", "queue", "next_at", "id", postgresql_where=text("state = 'created'")),
        Index("ix_notices_leased", "lease_until", postgresql_where=text("state = 'sending'")),
        Index("ix_notices_unknown", "next_at", postgresql_where=text("state = 'unknown'")),
        Index(
            "ix_notices_silent",
            "ask_at",
            postgresql_where=text("state = 'accepted' AND ask_at IS NOT NULL"),
        ),
        Index(
            "ix_notices_unconfirmed",
            "accepted_at",
            postgresql_where=text("state = 'accepted' AND must_arrive"),
        ),
        # A warning belongs to no order, and there are very many of them.
        Index("ix_notices_of_order", "order_id", postgresql_where=text("order_id IS NOT NULL")),
        Index(None, "recipient_digest", "created_at"),
        # The time first: notices lie in its order, which the planner has to know to find a period cheap.
        Index(None, "created_at", "operator_id"),
        Index(
            "ix_notices_trouble",
            "operator_id",
            "created_at",
            postgresql_where=text("state IN ('call', 'undelivered', 'unknown')"),
        ),
        Index("uq_notices_retry_of", "retry_of", unique=True, postgresql_where=text("retry_of IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    template: Mapped[str] = mapped_column(String(40))
    template_version: Mapped[int] = mapped_column(SmallInteger)
    language: Mapped[str] = mapped_column(String(5))
    params: Mapped[dict[str, Any]] = mapped_column(JSONB)
    body: Mapped[str] = mapped_column(Text)
    recipient: Mapped[bytes] = mapped_column(LargeBinary)
    recipient_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    dedup_key: Mapped[str] = mapped_column(String(120))
    queue: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(16))
    next_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    misses: Mapped[int] = mapped_column(SmallInteger, default=0)
    provider: Mapped[str | None] = mapped_column(String(20))
    provider_reference: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    sending_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    ask_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    must_arrive: Mapped[bool] = mapped_column(default=False, server_default=false())
    retry_of: Mapped[int | None] = mapped_column(BigInteger)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)


class NoticeAttempt(Base):
    """One attempt to hand a notice to a provider, and what came of it: append-only."""

    __tablename__ = "notice_attempts"
    __table_args__ = (Index(None, "notice_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"))
    provider: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime]


class NoticeReceipt(Base):
    """What a provider said of a text after it was handed over, as it came: append-only.

    `raw` holds the provider's own fields less those that can name a person (invariant I5). A receipt
    that names no notice of ours is kept with neither notice nor operator.
    """

    __tablename__ = "notice_receipts"
    __table_args__ = (Index(None, "notice_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"))
    provider: Mapped[str] = mapped_column(String(20))
    provider_reference: Mapped[str] = mapped_column(String(64))
    provider_state: Mapped[str] = mapped_column(String(40))
    error_code: Mapped[str | None] = mapped_column(String(60))
    raw: Mapped[dict[str, Any]] = mapped_column(JSONB)
    received_at: Mapped[datetime]
