"""Tables of channels, their keys, and the answers kept for repeated requests."""

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

from tracker.channels.rules import KINDS
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
    """A secret with which a channel's system calls the API; only its SHA-256 is kept.

    The secret is 32 random bytes, so a plain hash is as strong as a slow one and costs no time
    on each request. `prefix` is its public beginning, to tell keys apart in lists and logs; `scopes`
    are what it may do (`tracker.channels.rules.SCOPES`).
    """

    __tablename__ = "channel_keys"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), index=True)
    prefix: Mapped[str] = mapped_column(String(16))
    secret_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(20)), server_default=text("'{orders}'"))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


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
