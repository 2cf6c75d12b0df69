"""Table of administrative divisions."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base


class Division(Base):
    """One administrative division (行政区划), named by its national statistics code.

    `level` is city, county, town or community. `kind` of a community is urban (居委会) or rural
    (村委会); of a town subdistrict, town, township or special; empty above.
    """

    __tablename__ = "divisions"
    __table_args__ = (
        CheckConstraint("level IN ('city','county','town','community')", name="level"),
        Index(None, "parent_code"),
    )

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    level: Mapped[str] = mapped_column(String(10))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"))
    kind: Mapped[str] = mapped_column(String(16), default="")
