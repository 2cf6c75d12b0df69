"""Table of the audit trail."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tracker.audit.rules import Action
from tracker.db import Base


class AuditEntry(Base):
    """Somebody saw or changed personal fields, or whom an account lets in: append-only.

    `operator_id` is None for what concerns no operator. `actor` is as in events of orders. `subject` names
    whose data it was by ids alone, "order:<id>" or "account:<id>"; `fields` are names of fields, never what
    stands in them. `hash` follows from the entry and the `previous` one of the same operator.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint(f"action IN ({', '.join(repr(one.value) for one in Action)})", name="action"),
        Index(None, "operator_id", "id"),
        Index(None, "subject", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    action: Mapped[str] = mapped_column(String(10))
    actor: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(60))
    fields: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    why: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
