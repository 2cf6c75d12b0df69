"""Tables of complaints, of what was done about them, and of ratings."""

from datetime import date, datetime
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

from tracker.complaints.rules import LOW_SCORE, Satisfaction, Source, State, Topic
from tracker.db import Base

_OPEN = text("state = 'open'")


def _among(column: str, words: type[Source] | type[Topic] | type[State] | type[Satisfaction]) -> str:
    return f"{column} IN ({', '.join(repr(word.value) for word in words)})"


class Complaint(Base):
    """A complaint (投诉) from any source, about an order or about none.

    `number` is what the customer is told. People write names and phones into `text`, which is sealed, as
    are the name and phone of whoever complains about no order. `due_on`: the last day to answer. `owner_id`:
    the account of the person who follows it up; null only while the operator has nobody who could.
    `next_on`: the day of the next follow-up, while it is open. `result` is told to the customer and may hold
    nothing personal. `version` grows by one with every change.
    """

    __tablename__ = "complaints"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint(_among("source", Source), name="source"),
        CheckConstraint(_among("topic", Topic), name="topic"),
        CheckConstraint(_among("state", State), name="state"),
        CheckConstraint(_among("satisfaction", Satisfaction), name="satisfaction"),
        CheckConstraint("(state = 'open') = (next_on IS NOT NULL)", name="next_on"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_at"),
        CheckConstraint("(state = 'closed') = (result IS NOT NULL)", name="result"),
        CheckConstraint("(state = 'closed') = (settled_at_outlet IS NOT NULL)", name="settled_at_outlet"),
        CheckConstraint("satisfaction IS NULL OR state = 'closed'", name="satisfaction_of_result"),
        Index("ix_complaints_open", "operator_id", "due_on", "id", postgresql_where=_OPEN),
        Index(None, "operator_id", "id"),
        Index(
            "ix_complaints_to_anonymise",
            "ended_at",
            "id",
            postgresql_where=text("ended_at IS NOT NULL AND text <> ''"),
        ),
        Index("ix_complaints_of_order", "order_id", postgresql_where=text("order_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    number: Mapped[str] = mapped_column(String(16))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    source: Mapped[str] = mapped_column(String(16))
    topic: Mapped[str] = mapped_column(String(12))
    text: Mapped[bytes] = mapped_column(LargeBinary)
    contact_name: Mapped[bytes | None] = mapped_column(LargeBinary)
    contact_phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(10))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    next_on: Mapped[date | None]
    result: Mapped[str | None] = mapped_column(String(60))
    settled_at_outlet: Mapped[bool | None]
    satisfaction: Mapped[str | None] = mapped_column(String(12))
    ended_at: Mapped[datetime | None]
    filed_by: Mapped[str] = mapped_column(String(80))
    filed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer)


class ComplaintEvent(Base):
    """What was done about a complaint, and by whom: append-only (invariant I7).

    `kind`: filed, handed_on, followed_up, closed, retracted, answered (what the customer says of the
    result). `detail` names accounts by id, days and the result; what somebody wrote is in `note`, sealed.
    """

    __tablename__ = "complaint_events"
    __table_args__ = (UniqueConstraint("complaint_id", "version"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaints.id"))
    version: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(12))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class ComplaintPerson(Base):
    """Who follows up an operator's complaints unless they are handed on (指定专人)."""

    __tablename__ = "complaint_persons"

    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime]


class Rating(Base):
    """What a customer thinks of an installation (评价): never changed, but it may be taken back.

    One that stands for each order. A low one is followed up by a manager, no later than `follow_up_on`.
    """

    __tablename__ = "ratings"
    __table_args__ = (
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
        CheckConstraint(f"(score <= {LOW_SCORE}) = (follow_up_on IS NOT NULL)", name="follow_up_on"),
        CheckConstraint("(followed_up_at IS NULL) = (followed_up_by IS NULL)", name="followed_up"),
        Index("uq_ratings_standing", "order_id", unique=True, postgresql_where=text("retracted_at IS NULL")),
        Index(None, "operator_id", "id"),
        Index(
            "ix_ratings_to_follow_up",
            "operator_id",
            "follow_up_on",
            postgresql_where=text(
                "follow_up_on IS NOT NULL AND followed_up_at IS NULL AND retracted_at IS NULL"
            ),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    score: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[bytes | None] = mapped_column(LargeBinary)
    actor: Mapped[str] = mapped_column(String(80))
    rated_at: Mapped[datetime]
    retracted_at: Mapped[datetime | None]
    follow_up_on: Mapped[date | None]
    followed_up_at: Mapped[datetime | None]
    followed_up_by: Mapped[str | None] = mapped_column(String(80))
    follow_up_note: Mapped[bytes | None] = mapped_column(LargeBinary)
