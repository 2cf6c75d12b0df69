"""Tables of channels, their keys, and what is remembered of requests so that none counts twice."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.channels.rules import KINDS, LABEL_LIMIT, KeyKind
from tracker.db import Base


class Channel(Base):
    """One way in for one operator: its own account at a portal, an app, a hall.

    `kind` says which of the regulator's channels it is; `code` is unique within the operator.
    """

    __tablename__ = "channels"
    __table_args__ = (
        UniqueConstraint("operator_id", "code"),
        CheckConstraint(f"kind IN ({', '.join(repr(k) for k in KINDS)})", name="kind"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(20))


class ChannelKey(Base):
    """A secret with which a channel's system calls the API.

    Of a `bearer` key only the SHA-256 is kept: the secret is 32 random bytes, so a plain hash is as
    strong as a slow one and costs no time on each request. A `signed` one has to be known to check a
    signature, so it is kept sealed too; its `app_id` goes over the wire, and several secrets of one app id
    may be good at once. `prefix` is a secret's public beginning, to tell keys apart in lists and logs;
    `scopes` are what it may do (`tracker.channels.rules.SCOPES`); `rate_limit` like "6000 per minute"
    takes the place of the general one. `replaces` is the key that it was made to follow.
    """

    __tablename__ = "channel_keys"
    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(repr(kind.value) for kind in KeyKind)})", name="kind"),
        CheckConstraint(
            "(kind = 'signed') = (app_id IS NOT NULL) AND (kind = 'signed') = (sealed_secret IS NOT NULL)",
            name="signed",
        ),
        Index("ix_channel_keys_app_id", "app_id", postgresql_where=text("app_id IS NOT NULL")),
        Index(
            "uq_channel_keys_replaces", "replaces", unique=True, postgresql_where=text("replaces IS NOT NULL")
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), index=True)
    kind: Mapped[str] = mapped_column(String(6), server_default="bearer")
    label: Mapped[str] = mapped_column(String(LABEL_LIMIT), server_default="")
    prefix: Mapped[str] = mapped_column(String(16))
    secret_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    app_id: Mapped[str | None] = mapped_column(String(40))
    sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(20)), server_default=text("'{orders}'"))
    rate_limit: Mapped[str | None] = mapped_column(String(40))
    replaces: Mapped[int | None] = mapped_column(ForeignKey("channel_keys.id"))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(80), server_default="")
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(String(80))


class ChannelKeyUse(Base):
    """When a key was last used, to the minute; apart from the keys, which are kept in memory."""

    __tablename__ = "channel_key_uses"

    key_id: Mapped[int] = mapped_column(ForeignKey("channel_keys.id"), primary_key=True, autoincrement=False)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    last_used_at: Mapped[datetime]


class UsedNonce(Base):
    """A nonce that a signed request has used: the same request is not answered a second time."""

    __tablename__ = "used_nonces"
    __table_args__ = (Index(None, "used_at"),)

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True, autoincrement=False)
    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    used_at: Mapped[datetime]


class IdempotencyRecord(Base):
    """The answer given to an `Idempotency-Key`, written in the same commit as what it answered."""

    __tablename__ = "idempotency_records"
    __table_args__ = (Index(None, "created_at"),)

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"), index=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
