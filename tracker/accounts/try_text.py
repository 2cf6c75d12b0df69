"""Send a wording to the phone of whoever is working on it, to see it as customers will."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from tracker import clock
from tracker.accounts.text_code import PHONE
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.contacts.recipients import takes_texts
from tracker.contacts.record_wish import PURPOSE as RECIPIENT
from tracker.customer_requests.rules import MOST_TEXTS, next_text_at
from tracker.customer_requests.send_code import in_words
from tracker.notices.drafts import Wanted
from tracker.notices.models import Notice
from tracker.notices.plan_notices import plan_notices
from tracker.notices.to_staff import IS_TRIAL, TRIAL
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.staff.models import Account
from tracker.staff.sign_in import Person
from tracker.templates.registry import Registry
from tracker.templates.rules import Template

_LONGEST = max((stretch for stretch, _ in MOST_TEXTS), default=timedelta(0))


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
        sealed = connection.scalar(
            # Until the commit nobody else tries one for the same person: two at once are two.
            select(Account.phone).where(Account.id == person.id).with_for_update()
        )
        if sealed is None or person.operator_id is None:
            raise Refusal(Fault("template.no_phone"))
        phone = runtime.keys.open(bytes(sealed), PHONE)
        wish = (person.operator_id, runtime.keys.digest_of(RECIPIENT, phone))
        if not takes_texts(phone) or wish in reference.wishes:
            raise Refusal(Fault("template.no_phone"))
        free_at = next_text_at(_tried_at(connection, runtime, phone), now)
        if free_at is not None:
            raise Refusal(Fault("template.try_too_often", "", {"at": in_words(free_at, now)}))
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


def _tried_at(connection: Connection, runtime: Runtime, phone: str) -> list[datetime]:
    """When texts were tried on this phone lately."""
    digest = runtime.keys.digest_of(RECIPIENT, phone)
    return list(
        connection.scalars(
            select(Notice.created_at).where(
                Notice.recipient_digest == digest,
                Notice.created_at > clock.now() - _LONGEST,
                IS_TRIAL,
            )
        )
    )
