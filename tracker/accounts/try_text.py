"""Send a wording to the phone of whoever is working on it, to see it as customers will."""

import secrets
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import select

from tracker import clock
from tracker.accounts.text_code import PHONE
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.contacts.recipients import takes_texts
from tracker.contacts.record_wish import PURPOSE as RECIPIENT
from tracker.notices.asked_for import may_ask_from
from tracker.notices.drafts import Wanted
from tracker.notices.plan_notices import plan_notices
from tracker.notices.to_staff import IS_TRIAL, TRIAL
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.staff.models import Account
from tracker.staff.sign_in import Person
from tracker.templates.registry import Registry
from tracker.templates.rules import Template


def try_text(
    runtime: Runtime, person: Person, template: Template, language: str, values: Mapping[str, str]
) -> None:
    """Plan one text of this wording to the person's own phone on record, with example values.

    It leaves at once, whatever the hour. Raises Refusal: template.no_phone, also for a phone that takes no
    texts or whose owner wants none; template.awaits_approval where
    a provider in use sends approved texts only and has not approved this one, or template.try_too_often
    after one a minute, five an hour, ten a day.
    """
    now = clock.now()
    reference = runtime.reference.current()
    needed = runtime.config.approving_gateways
    approved = all(reference.templates.is_approved(template, one) for one in needed)
    # The product's own wording is what providers were given first.
    if template.operator_id is not None and not approved:
        raise Refusal(Fault("template.awaits_approval"))
    with runtime.db.transaction() as connection:
        sealed = connection.scalar(select(Account.phone).where(Account.id == person.id))
        if sealed is None or person.operator_id is None:
            raise Refusal(Fault("template.no_phone"))
        phone = runtime.keys.open(bytes(sealed), PHONE)
        recipient = runtime.keys.digest_of(RECIPIENT, phone)
        if not takes_texts(phone) or (person.operator_id, recipient) in reference.wishes:
            raise Refusal(Fault("template.no_phone"))
        free_at = may_ask_from(connection, recipient, IS_TRIAL, now)
        if free_at is not None:
            raise Refusal(Fault("template.try_too_often", "", {"at": clock.soon(free_at, now)}))
        # One that no customer waits for is not joined with others, and nobody is called in its place.
        trial = replace(template, any_hour=True, coalesces=False, must_arrive=False, always_new=True)
        operator = reference.operators[person.operator_id]
        wanted = Wanted(
            operator_id=person.operator_id,
            order_id=None,
            template=template.code,
            language=language,
            values={**values, "hotline": operator.hotline, "signature": operator.signature},
            phone=phone,
            dedup_key=f"{TRIAL}:{person.id}:{secrets.token_hex(8)}",
        )
        only = replace(reference, templates=_only(trial, reference.templates))
        plan_notices(connection, runtime, only, [wanted], now)
        append(
            connection,
            Action.SAW,
            operator_id=person.operator_id,
            actor=f"staff:{person.username}",
            subject=f"account:{person.id}",
            fields=("phone",),
            why=f"tried the text {template.code} on their own phone",
        )


def _only(trial: Template, registry: Registry) -> Registry:
    """A registry in which this wording is in force."""
    return Registry((trial,), registry.approvals)
