"""Who follows complaints up: an operator's person in charge, and whoever one may be handed on to."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.complaints.models import ComplaintPerson
from tracker.orders.actor import Actor
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.staff.models import Account

ROLES = ("manager", "counter", "dispatcher")

_persons = ComplaintPerson.__table__


def people(connection: Connection, operator_id: int) -> Sequence[Row[Any]]:
    """Who may be in charge of a complaint: id and name, managers first."""
    return connection.execute(
        select(Account.id, Account.display_name, Account.role)
        .where(Account.operator_id == operator_id, Account.disabled_at.is_(None), Account.role.in_(ROLES))
        .order_by(Account.role != "manager", Account.id)
    ).all()


def names(connection: Connection, operator_id: int) -> tuple[dict[int, str], dict[str, str]]:
    """The names of an operator's staff, also of former ones: by account, and by user name."""
    rows = connection.execute(
        select(Account.id, Account.username, Account.display_name).where(Account.operator_id == operator_id)
    ).all()
    return {row.id: row.display_name for row in rows}, {row.username: row.display_name for row in rows}


def person_in_charge(connection: Connection, operator_id: int) -> int | None:
    """The account that new complaints go to: who was named, while in office; else the first manager.

    None where the operator has no manager.
    """
    staff = people(connection, operator_id)
    named = connection.scalar(select(_persons.c.account_id).where(_persons.c.operator_id == operator_id))
    if any(one.id == named for one in staff):
        return named
    return next((one.id for one in staff if one.role == "manager"), None)


def require_person(connection: Connection, operator_id: int, account_id: int) -> None:
    """Raises Refusal complaint.owner_unknown for somebody who cannot be in charge of a complaint."""
    if all(one.id != account_id for one in people(connection, operator_id)):
        raise Refusal(Fault("complaint.owner_unknown", "/owner"))


def name_person(runtime: Runtime, actor: Actor, account_id: int) -> None:
    """Let new complaints of the actor's operator go to this person.

    Raises Refusal complaint.owner_unknown.
    """
    with runtime.db.transaction() as connection:
        require_person(connection, actor.operator_id, account_id)
        values = {"account_id": account_id, "set_by": actor.label, "set_at": clock.now()}
        connection.execute(
            insert(_persons)
            .values(operator_id=actor.operator_id, **values)
            .on_conflict_do_update(index_elements=[_persons.c.operator_id], set_=values)
        )
