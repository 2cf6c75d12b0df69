"""Tables of what is held for a risk, of escalations, of who took orders over, and of digests."""

from datetime import datetime
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
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base


class RiskRules(Base):
    """What an operator holds for a risk and its steps of escalation (`rules.Rules`): append-only.

    The highest version is in force; an operator without any goes by the product's own. `digest_at`: times
    as "09:00".
    """

    __tablename__ = "risk_rules"

    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    due_hours: Mapped[int] = mapped_column(SmallInteger)
    team_hours: Mapped[int] = mapped_column(SmallInteger)
    waiting_hours: Mapped[int] = mapped_column(SmallInteger)
    warn_hours: Mapped[int | None] = mapped_column(SmallInteger)
    late_hours: Mapped[int | None] = mapped_column(SmallInteger)
    chase_days: Mapped[int | None] = mapped_column(SmallInteger)
    digest_at: Mapped[list[str]] = mapped_column(ARRAY(String(5)))
    reason: Mapped[str] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class EscalationText(Base):
    """A text by which staff were told of escalations of one level, and the accounts that it went to."""

    __tablename__ = "escalation_texts"
    __table_args__ = (Index(None, "operator_id", "level", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    level: Mapped[int] = mapped_column(SmallInteger)
    account_ids: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    at: Mapped[datetime]


class Escalation(Base):
    """An order was brought before somebody (督办), once for each level and deadline.

    `risks` are why, as they stood then; `account_ids` before whom. Only whether they were told changes:
    `settled_at` is set once they were, by the text `text_id`, or once it was over before they could be.
    """

    __tablename__ = "escalations"
    __table_args__ = (
        UniqueConstraint("order_id", "deadline", "level"),
        CheckConstraint("level BETWEEN 1 AND 3", name="level"),
        CheckConstraint("text_id IS NULL OR settled_at IS NOT NULL", name="text_id"),
        Index(
            "ix_escalations_to_tell",
            "operator_id",
            "level",
            "id",
            postgresql_where=text("settled_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    level: Mapped[int] = mapped_column(SmallInteger)
    deadline: Mapped[datetime]
    risks: Mapped[list[str]] = mapped_column(ARRAY(String(12)))
    account_ids: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    text_id: Mapped[int | None] = mapped_column(ForeignKey(EscalationText.id))


class RiskTakeover(Base):
    """Somebody took an order at risk over ("我来跟进"): append-only; the latest is whose it is."""

    __tablename__ = "risk_takeovers"
    __table_args__ = (Index(None, "order_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class RiskDigest(Base):
    """The digest (预警摘要) of one time of an operator, told or, where nothing was at risk, not: append-only.

    `orders` were at risk, `counts` of them by risk; `order_id` was the most urgent.
    """

    __tablename__ = "risk_digests"

    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    orders: Mapped[int] = mapped_column(Integer)
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    account_ids: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    at: Mapped[datetime]


class DigestWish(Base):
    """Whether a manager wants digests and the texts of overdue orders; who has said nothing does."""

    __tablename__ = "digest_wishes"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    wanted: Mapped[bool]
    at: Mapped[datetime]
