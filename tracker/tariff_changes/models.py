"""Tables of warnings, and of how far writing them has come."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base

WARNING, CORRECTION = "warning", "correction"
KINDS = (WARNING, CORRECTION)


class TariffWarning(Base):
    """That one subscriber is told of one change, or of its withdrawal: one row each (invariant I2).

    The notice tells whether and when it arrived. Several subscriptions of one number may be told by one
    notice, as nobody is to get the same text again and again. `old_fen` and `new_fen` are the monthly
    price before and after, `effective_on` the day from which it is to hold if the warning arrives in time.

    Without foreign keys, which would cost more than the rows themselves: nobody may delete what they
    would point to, and all of it is read in the statement that writes the row.
    """

    __tablename__ = "tariff_warnings"
    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(repr(kind) for kind in KINDS)})", name="kind"),
        Index(None, "subscriber_id"),
    )

    change_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    subscriber_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    operator_id: Mapped[int] = mapped_column(SmallInteger)
    notice_id: Mapped[int] = mapped_column(BigInteger)
    old_fen: Mapped[int] = mapped_column(Integer)
    new_fen: Mapped[int] = mapped_column(Integer)
    effective_on: Mapped[date]
    created_at: Mapped[datetime]


class WarningRun(Base):
    """How far the warnings of a change have been written: what is behind need not be looked at each time.

    Everybody up to `through_subscriber_id` was looked at; `whole_at` is when everybody was last looked at
    anew, for subscriptions that became affected later. `undone_at`: the change was withdrawn, and whoever
    may have been told of it has been told so.
    """

    __tablename__ = "tariff_warning_runs"

    change_id: Mapped[int] = mapped_column(
        ForeignKey("tariff_changes.id"), primary_key=True, autoincrement=False
    )
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    through_subscriber_id: Mapped[int] = mapped_column(BigInteger)
    whole_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
