"""Tables of outages and of what became of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.outages.rules import Kind


class Outage(Base):
    """An announced outage (网络中断).

    `area_codes` are counties, towns and communities, none within another. `minutes` is how long service is
    expected to be away within the window; null: all of it. `first_starts_at` and `first_ends_at` are the
    window as it was first announced, so that everybody sees that it was changed. `area_changed_at`: when
    the area last was. An emergency may have no expected end. What was announced later than it may be bears
    the manager's `override_reason`. `revision` grows by one with every change of the row.
    """

    __tablename__ = "outages"
    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(repr(str(kind)) for kind in Kind)})", name="kind"),
        CheckConstraint("ends_at > starts_at", name="window"),
        CheckConstraint("kind = 'emergency' OR ends_at IS NOT NULL", name="end_by_kind"),
        CheckConstraint("cardinality(area_codes) > 0 AND cardinality(services) > 0", name="named"),
        CheckConstraint("minutes > 0", name="minutes"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawal_reason IS NULL)", name="withdrawal"),
        CheckConstraint("withdrawn_at IS NULL OR restored_at IS NULL", name="one_end"),
        CheckConstraint("restored_at >= starts_at", name="recovery"),
        Index(None, "operator_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    kind: Mapped[str] = mapped_column(String(10))
    area_codes: Mapped[list[str]] = mapped_column(ARRAY(String(12)))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    first_starts_at: Mapped[datetime]
    first_ends_at: Mapped[datetime | None]
    minutes: Mapped[int | None] = mapped_column(Integer)
    services: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    reason: Mapped[str] = mapped_column(String(60))
    reason_en: Mapped[str] = mapped_column(String(120), default="", server_default=text("''"))
    override_reason: Mapped[str | None] = mapped_column(String(200))
    announced_at: Mapped[datetime]
    announced_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime | None]
    area_changed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(80))
    withdrawal_reason: Mapped[str | None] = mapped_column(String(200))
    restored_at: Mapped[datetime | None]
    restored_by: Mapped[str | None] = mapped_column(String(80))
    recovery_recorded_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=1, server_default=text("1"))


class OutageEvent(Base):
    """What became of an outage, who did it and why: append-only (invariant I7).

    `detail` of a change holds each altered field with its value before and after.
    """

    __tablename__ = "outage_events"
    __table_args__ = (Index(None, "outage_id"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    outage_id: Mapped[int] = mapped_column(ForeignKey("outages.id"))
    revision: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(12))  # announced, changed, withdrawn, restored
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    reason: Mapped[str] = mapped_column(Text, default="")
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
