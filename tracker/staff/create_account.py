"""Give somebody an account."""

from argon2 import PasswordHasher
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.db import Database
from tracker.staff.models import Account

SHORTEST_PASSWORD = 10
_WITHOUT_OPERATOR = ("regulator", "administrator")


def create_account(
    db: Database, *, username: str, password: str, role: str, display_name: str, operator_id: int | None
) -> None:
    """Store the account with an argon2id hash of its password.

    Raises ValueError for a short password, a taken name, or an operator that the role does not have.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"a password needs at least {SHORTEST_PASSWORD} characters")
    if (operator_id is None) != (role in _WITHOUT_OPERATOR):
        raise ValueError(f"the role {role} {'has no' if operator_id is not None else 'needs an'} operator")
    statement = (
        insert(Account)
        .values(
            operator_id=operator_id,
            username=username.casefold(),
            display_name=display_name,
            role=role,
            password_hash=PasswordHasher().hash(password),
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=[Account.username])
        .returning(Account.id)
    )
    with db.transaction() as connection:
        if connection.scalar(statement) is None:
            raise ValueError(f"the name {username} is taken")
