"""Table of returns (退单) that were asked for."""

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.orders.approval_models import Approval, approval_constraints


class ReturnRequest(Approval, Base):
    """Somebody asks that an order be returned; `stage` is where the order stood then."""

    __tablename__ = "return_requests"
    __table_args__ = (
        *approval_constraints(__tablename__),
        Index("uq_return_requests_open", "order_id", unique=True, postgresql_where=text("state = 'open'")),
        Index(None, "operator_id", "decided_at", "id"),
    )

    stage: Mapped[str] = mapped_column(String(20))
