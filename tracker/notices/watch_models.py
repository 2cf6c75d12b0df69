"""Tables for those who watch the system: running totals, and when a round last ended."""

from datetime import datetime

from sqlalchemy import Float, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base


class Tally(Base):
    """A running total, raised in the transaction of what it counts.

    Nothing that grows is ever counted for a metric. Each database connection has its own slot, so
    that workers do not wait for each other; the total is the sum over slots.
    """

    __tablename__ = "tallies"

    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    label: Mapped[str] = mapped_column(String(30), primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    total: Mapped[float] = mapped_column(Float(53))


class Heartbeat(Base):
    """When a scheduled job last came to its end: what is not there any more cannot say so itself."""

    __tablename__ = "heartbeats"

    job: Mapped[str] = mapped_column(String(30), primary_key=True)
    finished_at: Mapped[datetime]
