"""Table of returns (退单) that were asked for."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.orders.return_rules import State


class ReturnRequest(Base):
    """Somebody asks that an order be returned, and somebody else decides (invariant I7).

    `stage` is where the order stood then. `evidence` is the reference of a document or photo kept elsewhere.
    `words` are the decider's. Nobody decides on a request of their own, whatever the code does.
    """

    __tablename__ = "return_requests"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(one.value) for one in State)})", name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by"),
        CheckConstraint("state NOT IN ('approved', 'refused') OR decided_by <> asked_by", name="two_people"),
        CheckConstraint("state <> 'refused' OR words IS NOT NULL", name="words"),
        Index("uq_return_requests_open", "order_id", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_return_requests_open", "operator_id", "id", postgresql_where=text("state = 'open'")),
        Index(None, "operator_id", "decided_at", "id"),
        Index(None, "order_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    stage: Mapped[str] = mapped_column(String(20))
    reason_code: Mapped[str] = mapped_column(String(40))
    reason_text: Mapped[str | None] = mapped_column(String(200))
    evidence: Mapped[str | None] = mapped_column(String(200))
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    words: Mapped[str | None] = mapped_column(String(200))
