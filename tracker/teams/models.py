"""Tables of teams of installers, of who works in them, and of what became of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.teams.rules import OF_MEMBERS, Change


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


class TeamChange(Base):
    """Something done to a team, or somebody who joined or left it: append-only.

    `detail` holds what it was and is: names of teams and codes of areas. `account_id` is who joined or left.
    """

    __tablename__ = "team_changes"
    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(repr(one.value) for one in Change)})", name="kind"),
        CheckConstraint(
            f"(account_id IS NOT NULL) = (kind IN ({', '.join(repr(one.value) for one in OF_MEMBERS)}))",
            name="account",
        ),
        Index(None, "team_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(String(10))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str | None] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
