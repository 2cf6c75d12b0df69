"""Tables of compensation for late connections (违约补偿)."""

from datetime import date, datetime
from typing import Any

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
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.compensation.rules import Kind
from tracker.db import Base
from tracker.orders.fee_rules import METHODS


class CompensationEntry(Base):
    """One line of the ledger of an order's compensation: append-only; the latest line tells how it stands.

    `number` counts from 1 for each order. `days`, `fee_fen`, `amount_fen` and `working`
    (`tracker.compensation.rules.Working`) are what it comes to since, `paid_fen` what was paid of it by then.
    `because`, of a correction: "excuse", "fee", "promise" or "connection"; `reason`, of an undone payment: in
    somebody's words. `connected_at` is repeated in each line, by which a period's lines are found.
    """

    __tablename__ = "compensation_entries"
    __table_args__ = (
        UniqueConstraint("order_id", "number"),
        CheckConstraint(f"kind IN ({', '.join(repr(one.value) for one in Kind)})", name="kind"),
        CheckConstraint("days >= 0 AND fee_fen >= 0 AND amount_fen >= 0 AND paid_fen >= 0", name="amounts"),
        CheckConstraint("(kind = 'paid') = (method IS NOT NULL)", name="method"),
        CheckConstraint("(kind = 'paid') = (reference IS NOT NULL)", name="reference"),
        CheckConstraint("(kind = 'paid') = (paid_on IS NOT NULL)", name="paid_on"),
        CheckConstraint(
            f"method IS NULL OR method IN ({', '.join(repr(one) for one in METHODS)})", name="method_known"
        ),
        Index(None, "operator_id", "connected_at"),
        Index(None, "operator_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str] = mapped_column(String(10))
    connected_at: Mapped[datetime]
    days: Mapped[int] = mapped_column(Integer)
    fee_fen: Mapped[int] = mapped_column(Integer)
    amount_fen: Mapped[int] = mapped_column(Integer)
    paid_fen: Mapped[int] = mapped_column(Integer)
    working: Mapped[dict[str, Any]] = mapped_column(JSONB)
    because: Mapped[str | None] = mapped_column(String(12))
    method: Mapped[str | None] = mapped_column(String(10))
    reference: Mapped[str | None] = mapped_column(String(64))
    paid_on: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime]


class CompensationReading(Base):
    """Up to which place of the feed (`tracker.orders.positions`) histories were read: one row."""

    __tablename__ = "compensation_reading"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    read_to: Mapped[int] = mapped_column(BigInteger)
