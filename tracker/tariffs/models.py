"""Table of published plan versions."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base


class Plan(Base):
    """One version of a tariff plan (资费方案) as published; money is integer fen (分).

    `filing_number` (方案编号) repeats over regions and versions. `on_sale_from` and `on_sale_to`
    are days in the city, the last one included. Columns follow the operators' fee pages (资费专区).
    """

    __tablename__ = "plans"
    __table_args__ = (
        UniqueConstraint("operator_id", "filing_number", "region", "version"),
        CheckConstraint("audience IN ('home','enterprise')", name="audience"),
        CheckConstraint("monthly_fen >= 0 AND installation_fen >= 0 AND commissioning_fen >= 0", name="fees"),
        CheckConstraint("state IN ('draft','published','withdrawn')", name="state"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    filing_number: Mapped[str] = mapped_column(String(30))
    region: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(12))
    audience: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(20))
    product: Mapped[str] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120))
    monthly_fen: Mapped[int] = mapped_column(Integer)
    installation_fen: Mapped[int] = mapped_column(Integer)
    commissioning_fen: Mapped[int] = mapped_column(Integer)
    download_mbps: Mapped[int] = mapped_column(Integer)
    upload_mbps: Mapped[int] = mapped_column(Integer)
    services: Mapped[str] = mapped_column(Text)
    services_en: Mapped[str] = mapped_column(Text)
    restrictions: Mapped[str] = mapped_column(Text)
    restrictions_en: Mapped[str] = mapped_column(Text)
    remark: Mapped[str] = mapped_column(String(120), default="")
    on_sale_from: Mapped[date]
    on_sale_to: Mapped[date | None]
    published_at: Mapped[datetime | None]
