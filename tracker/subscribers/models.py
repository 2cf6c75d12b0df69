"""Tables of subscribers."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.subscribers.rules import AGREEMENTS, SOURCES


class Subscriber(Base):
    """One subscription (在网用户): a plan in use at a price, from a day through a day.

    `reference` is the operator's own number of it, `plan_id` the version it was sold by, `monthly_fen` the
    price agreed then. `agreed_until`: the last day for which that price was agreed, as a `discount` or for a
    `contract`; afterwards the plan's own price holds. `contact` is sealed as recipients of notices are, so
    that a warning is written without opening it, and `contact_digest` is the digest that they carry.
    `takes_texts`: the number may be a mobile's. `began_on` and `ended_on` are the first and the last day.
    """

    __tablename__ = "subscribers"
    __table_args__ = (
        CheckConstraint("monthly_fen >= 0", name="monthly_fen"),
        CheckConstraint("(agreed_until IS NULL) = (agreement IS NULL)", name="agreed"),
        CheckConstraint(f"agreement IN ({', '.join(repr(one) for one in AGREEMENTS)})", name="agreement"),
        CheckConstraint(f"source IN ({', '.join(repr(one) for one in SOURCES)})", name="source"),
        CheckConstraint("ended_on >= began_on", name="days"),
        Index(None, "operator_id", "reference", unique=True),
        Index(None, "plan_id", "id"),
        Index(None, "contact_digest"),
        Index(
            "ix_subscribers_to_anonymise",
            "ended_on",
            "id",
            postgresql_where=text("ended_on IS NOT NULL AND contact <> ''"),
        ),
        Index("uq_subscribers_order", "order_id", unique=True, postgresql_where=text("order_id IS NOT NULL")),
        Index(
            "ix_subscribers_agreed",
            "plan_id",
            "agreed_until",
            postgresql_where=text("agreed_until IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    reference: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    monthly_fen: Mapped[int]
    agreed_until: Mapped[date | None]
    agreement: Mapped[str | None] = mapped_column(String(10))
    language: Mapped[str] = mapped_column(String(5))
    contact: Mapped[bytes] = mapped_column(LargeBinary)
    contact_digest: Mapped[bytes] = mapped_column(LargeBinary)
    takes_texts: Mapped[bool]
    began_on: Mapped[date]
    ended_on: Mapped[date | None]
    source: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    created_at: Mapped[datetime]


class SubscriberEvent(Base):
    """A change of a subscription after it began, who made it and why: append-only (invariant I7)."""

    __tablename__ = "subscriber_events"
    __table_args__ = (Index(None, "subscriber_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id"))
    kind: Mapped[str] = mapped_column(String(12))  # updated, ended
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    reason: Mapped[str] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
