"""A team that is about to change, locked until the commit; and adding to what became of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from tracker.problems import Fault, Refusal
from tracker.teams.models import Team, TeamChange
from tracker.teams.rules import Change

_teams = Team.__table__


def lock_team(connection: Connection, operator_id: int, team_id: int) -> Row[Any]:
    """A team of an operator; nobody assigns to it meanwhile. Raises Refusal team.not_found."""
    wanted = (
        select(_teams)
        .where(_teams.c.id == team_id, _teams.c.operator_id == operator_id)
        # Orders that name it may still change in what does not concern it.
        .with_for_update(key_share=True)
    )
    team = connection.execute(wanted).one_or_none()
    if team is None:
        raise Refusal(Fault("team.not_found"))
    return team


def record(
    connection: Connection,
    operator_id: int,
    team_id: int,
    kind: Change,
    actor: str,
    at: datetime,
    *,
    account_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Write down what became of a team."""
    connection.execute(
        insert(TeamChange).values(
            operator_id=operator_id,
            team_id=team_id,
            account_id=account_id,
            kind=kind,
            detail=dict(detail or {}),
            reason=reason,
            actor=actor,
            at=at,
        )
    )
