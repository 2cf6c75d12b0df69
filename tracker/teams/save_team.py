"""Make a team, and give one another name or area."""

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from tracker import clock
from tracker.db import Database
from tracker.places.models import Division
from tracker.problems import Fault, Refusal
from tracker.teams.history import lock_team, record
from tracker.teams.models import Team
from tracker.teams.rules import Change

_teams = Team.__table__
_LEVELS = ("county", "town")
_NAME = "uq_teams_name"


def make_team(db: Database, operator_id: int, name: str, area_code: str, actor: str) -> int:
    """Found a team for a county or a town; returns its id.

    Raises Refusal: team.unknown_area, team.name_taken by an open team of the operator.
    """
    now = clock.now()
    values = {"operator_id": operator_id, "name": name, "area_code": area_code, "created_at": now}
    with db.transaction() as connection:
        _require_area(connection, area_code)
        try:
            with connection.begin_nested():
                team_id: int = connection.execute(
                    insert(_teams).values(values).returning(_teams.c.id)
                ).scalar_one()
        except IntegrityError as error:
            raise _taken(error) from None
        detail = {"name": name, "area": area_code}
        record(connection, operator_id, team_id, Change.MADE, actor, now, detail=detail)
    return team_id


def change_team(db: Database, operator_id: int, team_id: int, name: str, area_code: str, actor: str) -> bool:
    """Give a team this name and area; returns whether it had others.

    Raises Refusal: team.not_found, team.closed, team.unknown_area, team.name_taken.
    """
    now = clock.now()
    with db.transaction() as connection:
        team = lock_team(connection, operator_id, team_id)
        if team.closed_at is not None:
            raise Refusal(Fault("team.closed"))
        if team.name == name and team.area_code == area_code:
            return False
        _require_area(connection, area_code)
        try:
            with connection.begin_nested():
                values = {"name": name, "area_code": area_code}
                connection.execute(update(_teams).where(_teams.c.id == team_id).values(values))
        except IntegrityError as error:
            raise _taken(error) from None
        if team.name != name:
            detail = {"name": [team.name, name]}
            record(connection, operator_id, team_id, Change.RENAMED, actor, now, detail=detail)
        if team.area_code != area_code:
            detail = {"area": [team.area_code, area_code]}
            record(connection, operator_id, team_id, Change.MOVED, actor, now, detail=detail)
    return True


def set_closed(
    db: Database, operator_id: int, team_id: int, closed: bool, reason: str | None, actor: str
) -> None:
    """Close a team, or let it work again; whose its orders are does not change by it.

    Raises Refusal: team.not_found, team.closed, team.not_closed, team.name_taken by one that was made since.
    """
    now = clock.now()
    with db.transaction() as connection:
        team = lock_team(connection, operator_id, team_id)
        if closed == (team.closed_at is not None):
            raise Refusal(Fault("team.closed" if closed else "team.not_closed"))
        try:
            with connection.begin_nested():
                at = now if closed else None
                connection.execute(update(_teams).where(_teams.c.id == team_id).values(closed_at=at))
        except IntegrityError as error:
            raise _taken(error) from None
        kind = Change.CLOSED if closed else Change.REOPENED
        record(connection, operator_id, team_id, kind, actor, now, reason=reason)


def _require_area(connection: Connection, code: str) -> None:
    level = connection.scalar(select(Division.level).where(Division.code == code))
    if level not in _LEVELS:
        raise Refusal(Fault("team.unknown_area", "/area"))


def _taken(error: IntegrityError) -> Exception:
    """The index of names is the only thing that can stand against it."""
    return Refusal(Fault("team.name_taken", "/name")) if _NAME in str(error.orig) else error
