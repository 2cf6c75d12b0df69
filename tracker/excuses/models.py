"""Tables of excuses that were asked for, and of the files that they rest on."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.excuses.rules import FileKind, State


class ExcuseRequest(Base):
    """Somebody asks that a delay be excused, and another manager decides (invariant I7).

    `evidence` is the reference of a document kept elsewhere; there may be files besides. `words` are the
    decider's. `entry` is the number of the line of the promise ledger that the approval wrote. Nobody
    decides on a request of their own, whatever the code does.
    """

    __tablename__ = "excuse_requests"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(one.value) for one in State)})", name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by"),
        CheckConstraint("state NOT IN ('approved', 'refused') OR decided_by <> asked_by", name="two_people"),
        CheckConstraint("state <> 'refused' OR words IS NOT NULL", name="words"),
        CheckConstraint("(state = 'approved') = (entry IS NOT NULL)", name="entry"),
        CheckConstraint("ends_at > starts_at", name="stretch"),
        Index("ix_excuse_requests_open", "operator_id", "id", postgresql_where=text("state = 'open'")),
        Index(None, "operator_id", "asked_at", "id"),
        Index(None, "order_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    reason_code: Mapped[str] = mapped_column(String(40))
    reason_text: Mapped[str | None] = mapped_column(String(200))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    evidence: Mapped[str | None] = mapped_column(String(200))
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    words: Mapped[str | None] = mapped_column(String(200))
    entry: Mapped[int | None] = mapped_column(SmallInteger)


class ExcuseFile(Base):
    """A file that an excuse rests on: append-only. It lies sealed under that random name."""

    __tablename__ = "excuse_files"
    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(repr(one.value) for one in FileKind)})", name="kind"),
        UniqueConstraint("name"),
        Index(None, "request_id", "id"),
        Index(None, "order_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    request_id: Mapped[int] = mapped_column(ForeignKey("excuse_requests.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    kind: Mapped[str] = mapped_column(String(5))
    name: Mapped[str] = mapped_column(String(40))
    size: Mapped[int] = mapped_column(Integer)
    added_at: Mapped[datetime]
