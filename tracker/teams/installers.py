"""Who an installer is, and which team he works in."""

from typing import Any

from sqlalchemy import Connection, Row, select

from tracker.staff.models import Account
from tracker.teams.models import Team, TeamMember


def installer_of(connection: Connection, operator_id: int, account_id: int) -> Row[Any] | None:
    """An installer with the team that he is in: `team_id`, `team_name` (both None without one), `title` and
    `staff_number`. None for who is no installer of the operator.
    """
    return connection.execute(
        select(
            Account.title,
            Account.staff_number,
            TeamMember.team_id,
            Team.name.label("team_name"),
        )
        .outerjoin(TeamMember, TeamMember.account_id == Account.id)
        .outerjoin(Team, Team.id == TeamMember.team_id)
        .where(Account.id == account_id, Account.operator_id == operator_id, Account.role == "installer")
    ).one_or_none()
