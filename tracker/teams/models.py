"""Tables of teams of installers and of who works in them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Identity, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base


class Team(Base):
    """Installers who work in an area (装维班组): a county or a town. A closed one gets no more orders."""

    __tablename__ = "teams"
    __table_args__ = (
        Index(
            "uq_teams_name",
            "operator_id",
            "name",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    name: Mapped[str] = mapped_column(String(40))
    area_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class TeamMember(Base):
    """An installer in a team. An installer is in one team at a time."""

    __tablename__ = "team_members"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)
    since: Mapped[datetime]
