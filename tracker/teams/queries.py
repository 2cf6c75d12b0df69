"""Reads of teams, of those who work in them, and of what became of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from tracker.staff.models import Account
from tracker.teams.models import Team, TeamChange, TeamMember

_teams = Team.__table__
_changes = TeamChange.__table__


def teams_of(connection: Connection, operator_id: int, *, closed: bool = False) -> Sequence[Row[Any]]:
    """An operator's teams, those that work by area and name; with `closed`, the closed ones after them."""
    wanted = select(_teams).where(_teams.c.operator_id == operator_id)
    if not closed:
        wanted = wanted.where(_teams.c.closed_at.is_(None))
    in_order = wanted.order_by(_teams.c.closed_at.isnot(None), _teams.c.area_code, _teams.c.name, _teams.c.id)
    return connection.execute(in_order).all()


def team_row(connection: Connection, operator_id: int, team_id: int) -> Row[Any] | None:
    """One team of an operator; None for another's."""
    wanted = select(_teams).where(_teams.c.id == team_id, _teams.c.operator_id == operator_id)
    return connection.execute(wanted).one_or_none()


def installers_of(connection: Connection, operator_id: int) -> Sequence[Row[Any]]:
    """The operator's installers who may sign in, by number: `id`, `display_name`, `title`, `staff_number`,
    and the `team_id` of each, None for whoever works in none.
    """
    wanted = (
        select(
            Account.id,
            Account.display_name,
            Account.title,
            Account.staff_number,
            TeamMember.team_id,
            TeamMember.since,
        )
        .outerjoin(TeamMember, TeamMember.account_id == Account.id)
        .where(Account.operator_id == operator_id, Account.role == "installer", Account.disabled_at.is_(None))
        .order_by(func.coalesce(Account.staff_number, "~"), Account.id)
    )
    return connection.execute(wanted).all()


def changes_of(connection: Connection, operator_id: int, team_id: int, limit: int) -> Sequence[Row[Any]]:
    """What became of a team, the latest first."""
    wanted = (
        select(_changes)
        .where(_changes.c.operator_id == operator_id, _changes.c.team_id == team_id)
        .order_by(_changes.c.id.desc())
        .limit(limit)
    )
    return connection.execute(wanted).all()
