"""What every table of requests has that one person makes and another decides on (invariant I7)."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.orders.approval_rules import State


class Approval:
    """Columns of a request. `evidence` is the reference of a document kept elsewhere; `words` are the
    decider's. Nobody decides on a request of their own, whatever the code does.
    """

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    reason_code: Mapped[str] = mapped_column(String(40))
    reason_text: Mapped[str | None] = mapped_column(String(200))
    evidence: Mapped[str | None] = mapped_column(String(200))
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    words: Mapped[str | None] = mapped_column(String(200))


def approval_constraints(table: str) -> tuple[CheckConstraint | Index, ...]:
    """Its states and the two people, and how what waits is found."""
    return (
        CheckConstraint(f"state IN ({', '.join(repr(one.value) for one in State)})", name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by"),
        CheckConstraint("state NOT IN ('approved', 'refused') OR decided_by <> asked_by", name="two_people"),
        CheckConstraint("state <> 'refused' OR words IS NOT NULL", name="words"),
        Index(f"ix_{table}_open", "operator_id", "id", postgresql_where=text("state = 'open'")),
        Index(None, "order_id"),
    )
