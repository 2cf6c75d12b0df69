"""People, as those see them who deal with accounts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select

from tracker.accounts.doer import Doer
from tracker.crypto import KeyRing
from tracker.staff.lockout import key_of, locked_among
from tracker.staff.models import Account, StaffSession
from tracker.teams.models import Team, TeamMember

SHOWN = ("active", "invited", "locked", "disabled")
_PAGE = 500


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to; None and empty narrow nothing."""

    shown: str | None = None
    role: str | None = None
    operator_id: int | None = None
    text: str = ""


@dataclass(frozen=True)
class Listed:
    """Somebody in a list. `state` is one of SHOWN."""

    row: Row[Any]
    state: str
    locked_until: datetime | None


def people_page(
    connection: Connection, keys: KeyRing, by: Doer, wanted: Wanted, now: datetime, *, limit: int, skip: int
) -> tuple[list[Listed], bool]:
    """Some of the people whom the doer deals with, by operator and name; and whether there are more."""
    statement = _narrowed(connection, keys, by, wanted, now)
    order = (Account.operator_id.asc().nulls_first(), Account.display_name, Account.id)
    rows = connection.execute(statement.order_by(*order).limit(limit + 1).offset(skip)).all()
    return _listed(connection, keys, rows[:limit], now), len(rows) > limit


def all_people(
    connection: Connection, keys: KeyRing, by: Doer, wanted: Wanted, now: datetime
) -> Iterator[list[Listed]]:
    """The same list whole, some hundreds at a time."""
    skip, more = 0, True
    while more:
        listed, more = people_page(connection, keys, by, wanted, now, limit=_PAGE, skip=skip)
        yield listed
        skip += _PAGE


def one_person(
    connection: Connection, keys: KeyRing, by: Doer, account_id: int, now: datetime
) -> Listed | None:
    """Somebody whom the doer deals with; None for anybody else."""
    row = connection.execute(_of(by).where(Account.id == account_id)).one_or_none()
    return None if row is None else _listed(connection, keys, [row], now)[0]


def account_named(connection: Connection, username: str) -> int | None:
    """The id of the account with this name."""
    return connection.scalar(select(Account.id).where(Account.username == username.casefold()))


def _of(by: Doer) -> Select[Any]:
    seen = (
        select(func.max(StaffSession.seen_at))
        .where(StaffSession.account_id == Account.id)
        .scalar_subquery()
        .label("seen_at")
    )
    team = (
        select(Team.name)
        .join(TeamMember, TeamMember.team_id == Team.id)
        .where(TeamMember.account_id == Account.id, Team.closed_at.is_(None))
        .scalar_subquery()
        .label("team")
    )
    statement = select(Account.__table__, seen, team)
    return statement if by.role == "administrator" else statement.where(Account.operator_id == by.operator_id)


def _narrowed(connection: Connection, keys: KeyRing, by: Doer, wanted: Wanted, now: datetime) -> Select[Any]:
    statement = _of(by)
    if wanted.role is not None:
        statement = statement.where(Account.role == wanted.role)
    if wanted.operator_id is not None:
        statement = statement.where(Account.operator_id == wanted.operator_id)
    if wanted.text:
        text = wanted.text
        statement = statement.where(
            or_(
                Account.username.icontains(text, autoescape=True),
                Account.display_name.icontains(text, autoescape=True),
                Account.staff_number == text,
            )
        )
    enabled = Account.disabled_at.is_(None)
    narrowed: dict[str, ColumnElement[bool]] = {
        "disabled": Account.disabled_at.is_not(None),
        "invited": enabled & (Account.password_hash == ""),
        "active": enabled & (Account.password_hash != ""),
    }
    if wanted.shown in narrowed:
        return statement.where(narrowed[wanted.shown])
    if wanted.shown == "locked":
        # What is locked are digests of names; there are at most some hundred names to compare them with.
        mine = statement.with_only_columns(Account.id, Account.username)
        names = {key_of(keys, row.username): row.id for row in connection.execute(mine)}
        locked = locked_among(connection, list(names), now)
        return statement.where(enabled, Account.id.in_([names[key] for key in locked]))
    return statement


def _listed(connection: Connection, keys: KeyRing, rows: Sequence[Row[Any]], now: datetime) -> list[Listed]:
    by_key = {row.id: key_of(keys, row.username) for row in rows}
    locked = locked_among(connection, list(by_key.values()), now) if rows else {}
    return [Listed(row, _state(row), locked.get(by_key[row.id])) for row in rows]


def _state(row: Row[Any]) -> str:
    if row.disabled_at is not None:
        return "disabled"
    return "active" if row.password_hash else "invited"
