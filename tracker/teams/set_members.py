"""Let installers work in a team, or in none: one team at a time, and who was where when stays written."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.staff.models import Account
from tracker.teams.history import lock_team, record
from tracker.teams.models import TeamMember
from tracker.teams.rules import Change

_members = TeamMember.__table__


def add_members(
    db: Database, operator_id: int, team_id: int, account_ids: Collection[int], reason: str | None, actor: str
) -> int:
    """Let these installers work in a team, and no more in the one where each was; returns how many came.

    Their orders stay whose they are. Raises Refusal: team.not_found, team.closed, team.no_installer.
    """
    now = clock.now()
    with db.transaction() as connection:
        team = lock_team(connection, operator_id, team_id)
        if team.closed_at is not None:
            raise Refusal(Fault("team.closed"))
        _require_installers(connection, operator_id, account_ids)
        former = {row.account_id: row.team_id for row in _lock(connection, operator_id, account_ids)}
        coming = sorted(one for one in set(account_ids) if former.get(one) != team_id)
        for account_id in coming:
            if account_id in former:
                detail = {"to": team_id}
                record(
                    connection, operator_id, former[account_id], Change.LEFT, actor, now,
                    account_id=account_id, detail=detail, reason=reason,
                )  # fmt: skip
            values = {"operator_id": operator_id, "team_id": team_id, "since": now}
            connection.execute(
                insert(_members)
                .values(account_id=account_id, **values)
                .on_conflict_do_update(index_elements=[_members.c.account_id], set_=values)
            )
            detail = {"from": former.get(account_id)}
            record(
                connection, operator_id, team_id, Change.JOINED, actor, now,
                account_id=account_id, detail=detail, reason=reason,
            )  # fmt: skip
    return len(coming)


def remove_members(
    db: Database, operator_id: int, team_id: int, account_ids: Collection[int], reason: str | None, actor: str
) -> int:
    """Let these installers work in no team; returns how many were in this one.

    Raises Refusal: team.not_found, team.no_member where none of them was.
    """
    now = clock.now()
    with db.transaction() as connection:
        lock_team(connection, operator_id, team_id)
        going = [
            row.account_id for row in _lock(connection, operator_id, account_ids) if row.team_id == team_id
        ]
        if not going:
            raise Refusal(Fault("team.no_member", "/members"))
        connection.execute(delete(_members).where(_members.c.account_id.in_(going)))
        for account_id in going:
            record(
                connection,
                operator_id,
                team_id,
                Change.LEFT,
                actor,
                now,
                account_id=account_id,
                reason=reason,
            )
    return len(going)


def _require_installers(connection: Connection, operator_id: int, account_ids: Collection[int]) -> None:
    known = connection.scalars(
        select(Account.id).where(
            Account.id.in_(account_ids),
            Account.operator_id == operator_id,
            Account.role == "installer",
            Account.disabled_at.is_(None),
        )
    ).all()
    if not account_ids or set(known) != set(account_ids):
        raise Refusal(Fault("team.no_installer", "/members"))


def _lock(connection: Connection, operator_id: int, account_ids: Collection[int]) -> Sequence[Row[Any]]:
    wanted = (
        select(_members)
        .where(_members.c.account_id.in_(account_ids), _members.c.operator_id == operator_id)
        .order_by(_members.c.account_id)
        .with_for_update()
    )
    return connection.execute(wanted).all()
