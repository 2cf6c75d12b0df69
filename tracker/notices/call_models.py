"""Tables of the calls that people make where a text does not reach."""

from datetime import datetime

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
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.notices.call_rules import Outcome
from tracker.notices.rules import Why

_OPEN = text("closed_at IS NULL")


class CallTask(Base):
    """A call that somebody has to make: at most one open task for each notice.

    `next_attempt_at` is from when, `due_at` by when the next call is to be made. `outcome` is the
    latest call's, or `told_by_text` where a receipt came after all; `version` grows by one with
    every change. `claimed_by` is calling until `claimed_until`, so that others leave the customer alone;
    that is no change of the task.
    """

    __tablename__ = "call_tasks"
    __table_args__ = (
        CheckConstraint(f"reason IN ({', '.join(repr(w.value) for w in Why)})", name="reason"),
        CheckConstraint(f"outcome IN ({', '.join(repr(o.value) for o in Outcome)})", name="outcome"),
        Index("uq_call_tasks_open_notice", "notice_id", unique=True, postgresql_where=_OPEN),
        Index("ix_call_tasks_open", "operator_id", "id", postgresql_where=_OPEN),
        Index("ix_call_tasks_due", "due_at", postgresql_where=_OPEN),
        Index("ix_call_tasks_next", "operator_id", "next_attempt_at", "id", postgresql_where=_OPEN),
        Index("ix_call_tasks_of_order", "order_id", postgresql_where=text("order_id IS NOT NULL")),
        Index(
            "ix_call_tasks_closed",
            "operator_id",
            "closed_at",
            "id",
            postgresql_where=text("closed_at IS NOT NULL"),
        ),
        Index(None, "operator_id", "id"),
        Index(None, "notice_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    reason: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str] = mapped_column(String(200), default="")
    due_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    outcome: Mapped[str | None] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(Integer, default=1)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None] = mapped_column(String(80))
    claimed_until: Mapped[datetime | None]


class CallAttempt(Base):
    """One call that somebody made, and what came of it: append-only (invariant I7).

    `called_at` is when it was made, `recorded_at` when it was written down. `actor` is as in
    `order_events`. `note` is what the customer said, sealed; None where nothing was noted. One whose outcome
    is TAKEN_BACK is no call: it takes back the one before it.
    """

    __tablename__ = "call_attempts"
    __table_args__ = (Index(None, "task_id"), Index(None, "operator_id", "recorded_at"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    task_id: Mapped[int] = mapped_column(ForeignKey("call_tasks.id"))
    outcome: Mapped[str] = mapped_column(String(20))
    call_back_at: Mapped[datetime | None]
    actor: Mapped[str] = mapped_column(String(80))
    called_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
