"""Bring a subscription up to date: whom to tell, in which language, and until when its price is agreed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, update

from tracker import clock
from tracker.contacts.recipients import takes_texts
from tracker.contacts.record_wish import PURPOSE
from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.subscribers.check_subscription import faults_of_term
from tracker.subscribers.events import detail_of, event_row
from tracker.subscribers.locking import lock_subscriber
from tracker.subscribers.models import Subscriber, SubscriberEvent
from tracker.subscribers.rules import differences, tells_phone


def update_subscription(
    db: Database,
    keys: KeyRing,
    operator_id: int,
    reference: str,
    request: Mapping[str, Any],
    actor: str,
    *,
    if_version: int | None = None,
) -> int:
    """Change what a request, loaded by SubscriptionUpdateSchema, names; returns the subscription's version.

    What stands so already is no change. Plan and price change by announced changes only. Raises Refusal:
    those of `lock_subscriber`, subscriber.nothing_said, .ended, .agreed_in_part, .agreed_before_start,
    .reference_tells_phone.
    """
    said = {name: value for name, value in request.items() if name not in ("phone", "reason")}
    phone: str | None = request.get("phone")
    if phone is not None:
        said["contact_digest"] = keys.digest_of(PURPOSE, phone)
    if not said:
        raise Refusal(Fault("subscriber.nothing_said"))
    now = clock.now()
    with db.transaction() as connection:
        one = lock_subscriber(connection, operator_id, reference, if_version)
        version: int = one.version
        if one.ended_on is not None and one.ended_on < clock.local_date(now):
            raise Refusal(Fault("subscriber.ended"))
        term = {"agreed_until": one.agreed_until, "agreement": one.agreement, **said}
        faults = faults_of_term(one.began_on, term["agreed_until"], term["agreement"])
        if phone is not None and tells_phone(reference, phone):
            faults.append(Fault("subscriber.reference_tells_phone", "/phone"))
        if faults:
            raise Refusal(*faults)
        differing = differences(one._mapping, said)
        if not differing:
            return version
        if phone is not None:
            said |= {"contact": keys.seal(phone, PURPOSE), "takes_texts": takes_texts(phone)}
        connection.execute(
            update(Subscriber).where(Subscriber.id == one.id).values(**said, version=version + 1)
        )
        connection.execute(
            insert(SubscriberEvent),
            event_row(operator_id, one.id, "updated", detail_of(differing), request["reason"], actor, now),
        )
    return version + 1
