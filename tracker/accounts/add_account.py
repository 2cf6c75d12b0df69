"""Add an account with its password at the console: the first administrator, people of no operator."""

from marshmallow import ValidationError
from sqlalchemy import update

from tracker.accounts.begin import check_new_password
from tracker.accounts.doer import Doer
from tracker.accounts.schemas import Mobile, Username
from tracker.accounts.text_code import PHONE
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.problems import Refusal, faults_in
from tracker.runtime import Runtime
from tracker.staff.create_account import create_account
from tracker.staff.models import Account


def add_account(
    runtime: Runtime,
    by: Doer,
    *,
    username: str,
    password: str,
    role: str,
    display_name: str,
    operator_id: int | None,
    phone: str | None = None,
    title: str | None = None,
    staff_number: str | None = None,
) -> int:
    """The id of the account.

    Raises Refusal for a name, phone or password that will not do; ValueError for a taken name or staff
    number, or an operator that the role does not have.
    """
    try:
        name = Username(64).deserialize(username)
        number = None if phone is None else Mobile().deserialize(phone)
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    check_new_password(password, name)
    with runtime.db.transaction() as connection:
        made = create_account(
            runtime.db,
            username=name,
            password=password,
            role=role,
            display_name=display_name,
            operator_id=operator_id,
            title=title,
            staff_number=staff_number,
        )
        if number is not None:
            sealed, digest = runtime.keys.seal(number, PHONE), runtime.keys.digest_of(PHONE, number)
            connection.execute(
                update(Account).where(Account.id == made).values(phone=sealed, phone_digest=digest)
            )
        append(
            connection,
            Action.GRANTED,
            operator_id=operator_id,
            actor=by.actor,
            subject=f"account:{made}",
            fields=("account", "role"),
            why=f"added as {role}",
        )
    return made
