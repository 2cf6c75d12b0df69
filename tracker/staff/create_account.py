"""Store an account."""

from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.db import Database
from tracker.staff.models import Account
from tracker.staff.rules import SHORTEST_PASSWORD, WITHOUT_OPERATOR


def create_account(
    db: Database,
    *,
    username: str,
    password: str,
    role: str,
    display_name: str,
    operator_id: int | None,
    title: str | None = None,
    staff_number: str | None = None,
) -> int:
    """Store the account with an argon2id hash of its password; returns its id.

    Raises ValueError for a short password, a taken name or staff number, or an operator that the role does
    not have.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"a password needs at least {SHORTEST_PASSWORD} characters")
    if (operator_id is None) != (role in WITHOUT_OPERATOR):
        raise ValueError(f"the role {role} {'has no' if operator_id is not None else 'needs an'} operator")
    values = {
        "operator_id": operator_id,
        "username": username.casefold(),
        "display_name": display_name,
        "role": role,
        "title": title,
        "staff_number": staff_number,
        "password_hash": PasswordHasher().hash(password),
    }
    with db.transaction() as connection:
        made = insert_account(connection, values)
        if made is None:
            taken = staff_number is not None and number_is_taken(connection, operator_id, staff_number)
            raise ValueError(f"the {'staff number' if taken else 'name'} is taken")
    return made


def insert_account(connection: Connection, values: dict[str, Any]) -> int | None:
    """The id of the stored account; None where somebody has its name, or its number at the operator."""
    return connection.scalar(
        insert(Account)
        .values(created_at=clock.now(), **values)
        .on_conflict_do_nothing()
        .returning(Account.id)
    )


def number_is_taken(connection: Connection, operator_id: int | None, staff_number: str) -> bool:
    """Whether somebody of the operator has the number; one who was disabled keeps it."""
    found = select(Account.id).where(Account.operator_id == operator_id, Account.staff_number == staff_number)
    return connection.scalar(found) is not None
