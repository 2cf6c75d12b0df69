"""Tables of uploaded files of orders and of their parts."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.order_files.rules import OPEN, State

UPLOAD, FAILED = "upload", "failed"


class OrderFile(Base):
    """A file of orders of one channel, and how far it has been taken in.

    `name` (sealed) is what whoever sent it calls it. `claim` grows with each worker that takes it up: what
    an earlier one still wants to write is refused. `last_line` and the counts are written in the commit of
    the batch that they count; `position` of `size` bytes is how far that is. `stalls` counts the workers
    that ended without a batch. `faults` are the first ones of rows, as JSON; `refusal` is why the whole
    file was refused. `request_key` and `request_digest` tell a repeated request of a channel's system.
    """

    __tablename__ = "order_files"
    __table_args__ = (
        UniqueConstraint("channel_id", "request_key"),
        CheckConstraint(f"state IN ({', '.join(repr(s.value) for s in State)})", name="state"),
        Index(None, "operator_id", "id"),
        Index(
            "ix_order_files_open",
            "id",
            postgresql_where=text(f"state IN ({', '.join(repr(s.value) for s in OPEN)})"),
        ),
        Index("ix_order_files_kept", "failed_until", postgresql_where=text("failed_until IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    name: Mapped[bytes] = mapped_column(LargeBinary)
    upload_bytes: Mapped[int] = mapped_column(BigInteger)
    dry_run: Mapped[bool]
    notify_old: Mapped[bool]
    language: Mapped[str] = mapped_column(String(5))
    actor: Mapped[str] = mapped_column(String(80))
    request_key: Mapped[str | None] = mapped_column(String(255))
    request_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10))
    claim: Mapped[int] = mapped_column(Integer)
    stalls: Mapped[int] = mapped_column(SmallInteger)
    lease_until: Mapped[datetime | None]
    rows_total: Mapped[int | None] = mapped_column(BigInteger)
    rows_done: Mapped[int] = mapped_column(BigInteger)
    last_line: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    stored: Mapped[int] = mapped_column(BigInteger)
    repeated: Mapped[int] = mapped_column(BigInteger)
    bad_rows: Mapped[int] = mapped_column(BigInteger)
    fault_count: Mapped[int] = mapped_column(BigInteger)
    faults: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    refusal: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    failed_parts: Mapped[int] = mapped_column(Integer)
    failed_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class OrderFilePart(Base):
    """A piece of an upload, or of the list of its rows that failed: packed, then sealed for its place."""

    __tablename__ = "order_file_parts"

    file_id: Mapped[int] = mapped_column(ForeignKey("order_files.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(6), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
