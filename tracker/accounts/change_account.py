"""Change what is on record of somebody: name, role, how customers are told of them, phone."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from tracker import clock
from tracker.accounts.doer import Doer
from tracker.accounts.invite import installers_faults
from tracker.accounts.locking import keep_one_administrator, keep_out_of_self, locked_account
from tracker.accounts.schemas import PersonSchema
from tracker.accounts.text_code import PHONE, end_codes
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.problems import Fault, Refusal, faults_in
from tracker.runtime import Runtime
from tracker.staff.models import Account
from tracker.staff.rules import roles_given_by
from tracker.staff.sessions import end_sessions

_schema = PersonSchema()


def change_account(
    runtime: Runtime, by: Doer, account_id: int, given: Mapping[str, Any], *, if_revision: int
) -> None:
    """Store what differs; another role signs its owner out everywhere, another phone ends codes by text.

    Raises Refusal: every wrong field; person.stale, person.self, person.last_administrator,
    person.role_not_yours, person.number_taken, person.not_found.
    """
    faults = installers_faults(given)
    loaded: dict[str, Any] = {}
    try:
        loaded = _schema.load(dict(given))
    except ValidationError as error:
        faults = faults_in(error.messages) + faults
    if faults:
        raise Refusal(*faults)
    phone = loaded.pop("phone")
    with runtime.db.transaction() as connection:
        row = locked_account(connection, by, account_id)
        changed = {name: value for name, value in loaded.items() if getattr(row, name) != value}
        if row.revision != if_revision:
            raise Refusal(Fault("person.stale"))
        if "role" in changed:
            keep_out_of_self(by, row)
            if changed["role"] not in roles_given_by(by.role, row.role):
                raise Refusal(Fault("person.role_not_yours", "/role"))
            keep_one_administrator(connection, row)
        digest = None if phone is None else runtime.keys.digest_of(PHONE, phone)
        if digest is not None and (row.phone_digest is None or bytes(row.phone_digest) != digest):
            changed |= {"phone": runtime.keys.seal(phone, PHONE), "phone_digest": digest}
            # What was sent to the former phone may be in a stranger's hands.
            end_codes(connection, row.id, clock.now())
        if not changed:
            return
        try:
            with connection.begin_nested():
                connection.execute(
                    update(Account).where(Account.id == row.id).values(revision=row.revision + 1, **changed)
                )
        except IntegrityError:
            # Of what changes here the staff number alone has to be nobody else's.
            raise Refusal(Fault("person.number_taken", "/staff_number")) from None
        entry = {"operator_id": row.operator_id, "actor": by.actor, "subject": f"account:{row.id}"}
        if "role" in changed:
            end_sessions(connection, row.id, clock.now())
            why = f"{row.role} becomes {changed['role']}"
            append(connection, Action.GRANTED, fields=("role",), why=why, **entry)
        others = sorted(set(changed) - {"role", "phone_digest"})
        if others:
            append(connection, Action.CHANGED, fields=others, why="changed by hand", **entry)
