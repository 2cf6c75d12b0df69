"""Whose an order is to install: the team and installer that it goes to, checked and written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from tracker.problems import Fault, Refusal
from tracker.staff.models import Account
from tracker.teams.models import Team, TeamMember

_teams, _members, _accounts = Team.__table__, TeamMember.__table__, Account.__table__


@dataclass(frozen=True)
class Target:
    """Who is to install an order: a team, and one of it where one is named; and whom the customer is told of.

    Without a team it is nobody, or somebody whom a channel named.
    """

    team_id: int | None = None
    installer_id: int | None = None
    title: str | None = None
    staff_number: str | None = None
    area_code: str = ""

    @classmethod
    def of(cls, order: Row[Any]) -> "Target":
        """As an order has it now."""
        return cls(order.team_id, order.installer_id, order.installer_title, order.installer_staff_number)

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of an order that it decides."""
        return {
            "team_id": self.team_id,
            "installer_id": self.installer_id,
            "installer_title": self.title,
            "installer_staff_number": self.staff_number,
        }

    @property
    def told(self) -> dict[str, str | None] | None:
        """Whom events and texts tell of; None where nobody is named."""
        if not self.title and not self.staff_number:
            return None
        return {"title": self.title, "staff_number": self.staff_number}


@dataclass(frozen=True)
class Assigning:
    """A target as part of an assignment that can be undone."""

    assignment_id: int
    target: Target

    def detail(self, order: Row[Any]) -> dict[str, Any]:
        """What the order's event tells of it: enough to put back what was before."""
        return {
            "assignment": self.assignment_id,
            "team": self.target.team_id,
            "former": Target.of(order).columns,
        }


def locked_target(
    connection: Connection, operator_id: int, team_id: int | None, installer_id: int | None
) -> Target:
    """The target as it stands, held until the commit: meanwhile nobody closes the team or leaves it.

    Raises Refusal: team.not_found, team.closed, assign.not_member.
    """
    if team_id is None:
        if installer_id is not None:
            raise Refusal(Fault("assign.not_member", "/installer"))
        return Target()
    team = connection.execute(
        select(_teams.c.area_code, _teams.c.closed_at)
        .where(_teams.c.id == team_id, _teams.c.operator_id == operator_id)
        .with_for_update(read=True)
    ).one_or_none()
    if team is None:
        raise Refusal(Fault("team.not_found", "/team"))
    if team.closed_at is not None:
        raise Refusal(Fault("team.closed", "/team"))
    if installer_id is None:
        return Target(team_id, area_code=team.area_code)
    member = connection.execute(
        select(_accounts.c.title, _accounts.c.staff_number)
        .join(_members, _members.c.account_id == _accounts.c.id)
        .where(
            _members.c.account_id == installer_id,
            _members.c.team_id == team_id,
            _accounts.c.operator_id == operator_id,
            _accounts.c.role == "installer",
            _accounts.c.disabled_at.is_(None),
        )
        .with_for_update(read=True, of=_members)
    ).one_or_none()
    if member is None:
        raise Refusal(Fault("assign.not_member", "/installer"))
    return Target(team_id, installer_id, member.title, member.staff_number, team.area_code)


def named_by_channel(
    connection: Connection, order: Row[Any], installer: Mapping[str, str | None]
) -> dict[str, Any]:
    """The columns of an order whose installer a channel named: one of the operator's own by the staff number,
    with the team that he works in; else somebody whom nobody here knows.
    """
    columns: dict[str, Any] = {
        "installer_id": None,
        "installer_title": installer["title"],
        "installer_staff_number": installer["staff_number"],
    }
    own = connection.execute(
        select(_accounts.c.id, _members.c.team_id)
        .outerjoin(_members, _members.c.account_id == _accounts.c.id)
        .where(
            _accounts.c.operator_id == order.operator_id,
            _accounts.c.staff_number == installer["staff_number"],
            _accounts.c.role == "installer",
            _accounts.c.disabled_at.is_(None),
        )
    ).one_or_none()
    if own is not None:
        columns |= {"installer_id": own.id, "team_id": own.team_id or order.team_id}
    return columns
