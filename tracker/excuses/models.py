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
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.excuses.rules import FileKind
from tracker.orders.approval_models import Approval, approval_constraints


class ExcuseRequest(Approval, Base):
    """Somebody asks that a delay be excused; there may be files besides the reference of `evidence`.

    `entry` is the number of the line of the promise ledger that the approval wrote.
    """

    __tablename__ = "excuse_requests"
    __table_args__ = (
        *approval_constraints(__tablename__),
        CheckConstraint("(state = 'approved') = (entry IS NOT NULL)", name="entry"),
        CheckConstraint("ends_at > starts_at", name="stretch"),
        Index(None, "operator_id", "asked_at", "id"),
    )

    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
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
