"""Invite somebody: an account without a password, and a code by text with which its owner chooses one."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import select

from tracker import clock
from tracker.accounts.doer import Doer
from tracker.accounts.schemas import InvitationSchema
from tracker.accounts.text_code import INVITATION, PHONE, text_code
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.problems import Fault, Refusal, faults_in
from tracker.runtime import Runtime
from tracker.staff.create_account import insert_account, number_is_taken
from tracker.staff.models import Account
from tracker.staff.rules import OF_OPERATOR

_schema = InvitationSchema()


def invite(runtime: Runtime, by: Doer, given: Mapping[str, Any]) -> int:
    """Store the account and send the code; returns its id.

    Raises Refusal with every field that is wrong. People of no operator are added at the console alone.
    """
    faults = []
    loaded: dict[str, Any] = {}
    try:
        loaded = _schema.load(dict(given))
    except ValidationError as error:
        faults = faults_in(error.messages)
    faults += installers_faults(given)
    if faults:
        raise Refusal(*faults)
    if loaded["role"] not in OF_OPERATOR:
        raise Refusal(Fault("person.role_not_yours", "/role"))
    operator_id = loaded["operator_id"]
    if by.role != "administrator" and operator_id != by.operator_id:
        raise Refusal(Fault("person.not_found"))
    if operator_id not in runtime.reference.current().operators:
        raise Refusal(Fault("field.invalid", "/operator_id"))
    now = clock.now()
    phone = loaded.pop("phone")
    sealed = {"phone": runtime.keys.seal(phone, PHONE), "phone_digest": runtime.keys.digest_of(PHONE, phone)}
    with runtime.db.transaction() as connection:
        made = insert_account(connection, {**loaded, **sealed, "password_hash": ""})
        if made is None:
            number = loaded["staff_number"]
            if number is not None and number_is_taken(connection, operator_id, number):
                raise Refusal(Fault("person.number_taken", "/staff_number"))
            raise Refusal(Fault("person.username_taken", "/username"))
        account = connection.execute(select(Account.__table__).where(Account.id == made)).one()
        text_code(connection, runtime, account, INVITATION, now)
        append(
            connection,
            Action.GRANTED,
            operator_id=operator_id,
            actor=by.actor,
            subject=f"account:{made}",
            fields=("account", "role"),
            why=f"invited as {loaded['role']}",
        )
    return made


def installers_faults(given: Mapping[str, Any]) -> list[Fault]:
    """Customers are told of an installer by title and number, so neither may be missing."""
    if given.get("role") != "installer":
        return []
    return [Fault("field.required", f"/{name}") for name in ("title", "staff_number") if not given.get(name)]
