"""The table of on-time figures as they were published."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.figures.rules import PeriodKind


class PublishedFigure(Base):
    """An operator's on-time figures of a period, as published: append-only.

    Counts as in `tracker.figures.rules.Counts`; `removed` holds them by reason. What is corrected later is
    another row with the next `revision`, so that everybody sees what was told before.
    """

    __tablename__ = "published_figures"
    __table_args__ = (
        CheckConstraint(
            f"kind IN ({', '.join(repr(kind.value) for kind in PeriodKind)})",
            name="kind",
        ),
        CheckConstraint("0 <= on_time AND on_time <= due", name="gross"),
        CheckConstraint("0 <= net_on_time AND net_on_time <= net_due", name="net"),
    )

    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(5), primary_key=True)
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    due: Mapped[int]
    on_time: Mapped[int]
    net_due: Mapped[int]
    net_on_time: Mapped[int]
    removed: Mapped[dict[str, int]] = mapped_column(JSONB)
    published_at: Mapped[datetime]
