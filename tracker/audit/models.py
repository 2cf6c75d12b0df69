"""Tables of the audit trail."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tracker.audit.rules import Action
from tracker.db import Base


class AuditEntry(Base):
    """Somebody saw or changed personal fields, or whom an account lets in: append-only.

    `operator_id` is None for what concerns no operator. `actor` is as in events of orders. `subject` names
    whose data it was by ids alone, "order:<id>" or "account:<id>"; `fields` are names of fields, never what
    stands in them. The database links each entry to the one before it as its transaction is committed.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint(f"action IN ({', '.join(repr(one.value) for one in Action)})", name="action"),
        Index(None, "operator_id", "id"),
        Index(None, "subject", "id"),
        Index(None, "actor", "id"),
        Index(None, "at", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    action: Mapped[str] = mapped_column(String(10))
    actor: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(60))
    fields: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    why: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class AuditLink(Base):
    """An entry's place in its operator's chain; written by the database alone.

    `number` counts from 1 in the order of commits, without gaps. `hash` follows from the entry and from
    `previous`, the hash before it (`tracker.audit.rules`).
    """

    __tablename__ = "audit_links"
    __table_args__ = (UniqueConstraint("entry_id"),)

    chain: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entries.id"))
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditChain(Base):
    """Where an operator's chain ends: how many entries it has, and the hash of the last; its lock as well.

    `chain` is the operator's id, 0 for entries of no operator.
    """

    __tablename__ = "audit_chains"
    __table_args__ = (CheckConstraint("chain = coalesce(operator_id, 0)", name="chain"),)

    chain: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    entries: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[bytes] = mapped_column(LargeBinary)


class AuditCheck(Base):
    """What came of the last scheduled check of a chain; `broken_at` is the number of the first bad entry."""

    __tablename__ = "audit_checks"

    chain: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    checked_at: Mapped[datetime]
    entries: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[bytes] = mapped_column(LargeBinary)
    broken_at: Mapped[int | None] = mapped_column(BigInteger)
