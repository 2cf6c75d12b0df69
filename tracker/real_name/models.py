"""Tables of real-name checks, and of which ones an operator requires."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.real_name.rules import FAILURES, Check, Result


def _among(column: str, words: list[str]) -> str:
    return f"{column} IN ({', '.join(map(repr, words))})"


class RealNameCheck(Base):
    """What came of one check of an order's customer: append-only, and the latest of a kind counts.

    The result and the reference number of whoever checked, never a picture or an ID number. `reason_code`
    says why one failed, `reason_text` why it was waived, or what "other" means.
    """

    __tablename__ = "real_name_checks"
    __table_args__ = (
        CheckConstraint(_among("kind", [one.value for one in Check]), name="kind"),
        CheckConstraint(_among("result", [one.value for one in Result]), name="result"),
        CheckConstraint(_among("reason_code", list(FAILURES)), name="reason_code"),
        CheckConstraint("(result = 'failed') = (reason_code IS NOT NULL)", name="reason_of_failure"),
        CheckConstraint("result <> 'passed' OR reference IS NOT NULL", name="reference"),
        CheckConstraint("result <> 'waived' OR reason_text IS NOT NULL", name="reason_of_waiver"),
        Index(None, "order_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    kind: Mapped[str] = mapped_column(String(20))
    result: Mapped[str] = mapped_column(String(10))
    reference: Mapped[str | None] = mapped_column(String(64))
    reason_code: Mapped[str | None] = mapped_column(String(30))
    reason_text: Mapped[str | None] = mapped_column(String(100))
    actor: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime]


class RequiredChecks(Base):
    """Which checks an operator requires before it connects anybody: append-only, the latest row counts."""

    __tablename__ = "required_checks"
    __table_args__ = (Index(None, "operator_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    checks: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    reason: Mapped[str] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
