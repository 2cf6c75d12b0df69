"""Tables of what installers record at the customer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.site_work.rules import Act, Outcome, PhotoKind


class SiteVisit(Base):
    """An installer came to the customer: append-only.

    The position is there only where he switched it on, and is rounded to about 100 metres.
    """

    __tablename__ = "site_visits"
    __table_args__ = (
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="position"),
        Index(None, "order_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    latitude: Mapped[float | None] = mapped_column(Numeric(6, 3, asdecimal=False))
    longitude: Mapped[float | None] = mapped_column(Numeric(6, 3, asdecimal=False))
    arrived_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class LineTest(Base):
    """What a meter showed at the customer's line: append-only; the latest one counts.

    Speeds in Mbit/s, latency in ms, received optical power in dBm. `warnings` is what was amiss by the rules
    of the day; then `reason` says why the installer went on.
    """

    __tablename__ = "line_tests"
    __table_args__ = (Index(None, "order_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    down_mbps: Mapped[float] = mapped_column(Numeric(7, 1, asdecimal=False))
    up_mbps: Mapped[float] = mapped_column(Numeric(7, 1, asdecimal=False))
    latency_ms: Mapped[float] = mapped_column(Numeric(6, 1, asdecimal=False))
    optical_dbm: Mapped[float] = mapped_column(Numeric(5, 2, asdecimal=False))
    sold_mbps: Mapped[int | None] = mapped_column(Integer)
    warnings: Mapped[list[str]] = mapped_column(JSONB)
    reason: Mapped[str | None] = mapped_column(String(200))
    tested_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class SitePhoto(Base):
    """A photo of a job: append-only. The picture lies sealed in a file of that random name."""

    __tablename__ = "site_photos"
    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(repr(one.value) for one in PhotoKind)})", name="kind"),
        UniqueConstraint("name"),
        Index(None, "order_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(40))
    width: Mapped[int] = mapped_column(SmallInteger)
    height: Mapped[int] = mapped_column(SmallInteger)
    size: Mapped[int] = mapped_column(Integer)
    taken_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class InstallerAction(Base):
    """One action of an installer and what became of it, so that one that is sent again is not done again.

    `client_id` is the phone's; `done_at` is what the phone's clock said, corrected by how much it was
    wrong; where `moved`, what counted is another moment (see `rules.counted`). `version` is the order's
    version that it made. `faults` are those by which it was refused; what it said is kept in none of them.
    """

    __tablename__ = "installer_actions"
    __table_args__ = (
        UniqueConstraint("account_id", "client_id"),
        CheckConstraint(f"kind IN ({', '.join(repr(one.value) for one in Act)})", name="kind"),
        CheckConstraint(f"outcome IN ({', '.join(repr(one.value) for one in Outcome)})", name="outcome"),
        CheckConstraint("(outcome = 'ok') = (version IS NOT NULL)", name="version"),
        Index(None, "order_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    client_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(String(10))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    done_at: Mapped[datetime]
    moved: Mapped[bool]
    received_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(8))
    faults: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    version: Mapped[int | None] = mapped_column(Integer)


class CallLineCode(Base):
    """The code by which the operator's call line connects an installer with the customer of an order."""

    __tablename__ = "call_line_codes"
    __table_args__ = (UniqueConstraint("code"),)

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True, autoincrement=False)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    code: Mapped[str] = mapped_column(String(8))
    made_at: Mapped[datetime]
