"""An account that is about to change, with what must hold of any change."""

from typing import Any

from sqlalchemy import Connection, Row, select, text

from tracker.accounts.doer import Doer
from tracker.problems import Fault, Refusal
from tracker.staff.models import Account
from tracker.staff.rules import roles_given_by

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('administrators', 0))")


def locked_account(connection: Connection, by: Doer, account_id: int) -> Row[Any]:
    """An account that is the doer's to deal with, locked until the commit.

    Administrators, who could take each other's account at the same moment, act one after the other. Raises
    Refusal person.not_found.
    """
    wanted = select(Account.__table__).where(Account.id == account_id).with_for_update()
    if by.role == "administrator":
        connection.execute(_LOCK)
    else:
        # An administrator's account has no operator, so that a manager never finds one.
        wanted = wanted.where(Account.operator_id == by.operator_id)
    row = connection.execute(wanted).one_or_none()
    if row is None or not roles_given_by(by.role, row.role):
        raise Refusal(Fault("person.not_found"))
    return row


def keep_out_of_self(by: Doer, row: Row[Any]) -> None:
    """Raises Refusal person.self for what nobody does to himself."""
    if by.account_id == row.id:
        raise Refusal(Fault("person.self"))


def keep_one_administrator(connection: Connection, row: Row[Any]) -> None:
    """Raises Refusal person.last_administrator where nobody else could give accounts back."""
    if row.role != "administrator" or row.disabled_at is not None:
        return
    others = connection.scalars(
        select(Account.id).where(Account.role == "administrator", Account.disabled_at.is_(None))
    ).all()
    if set(others) <= {row.id}:
        raise Refusal(Fault("person.last_administrator"))
