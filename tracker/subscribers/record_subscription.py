"""Write down one subscription that the operator has already."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.contacts.recipients import takes_texts
from tracker.contacts.record_wish import PURPOSE
from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.subscribers.book import read_book
from tracker.subscribers.check_subscription import Request, check
from tracker.subscribers.models import Subscriber
from tracker.subscribers.rules import differences

_subscribers = Subscriber.__table__
_POINTERS = {"plan_id": "plan", "contact_digest": "phone"}


def record_subscription(
    db: Database, keys: KeyRing, operator_id: int, request: Mapping[str, Any]
) -> tuple[str, bool]:
    """Store one subscription, loaded by SubscriptionRequestSchema; its reference, and whether it is new.

    The same one again changes nothing. Raises Refusal with every fault of `check`, or subscriber.differs
    where another one is stored under the reference.
    """
    now = clock.now()
    with db.transaction() as connection:
        asked = Request(**request)
        checked = check(read_book(connection, operator_id), asked, clock.local_date(now))
        if isinstance(checked, list):
            raise Refusal(*checked)
        digest = keys.digest_of(PURPOSE, asked.phone)
        stored = connection.execute(
            insert(_subscribers)
            .values(
                operator_id=operator_id,
                reference=asked.reference,
                plan_id=checked.plan.id,
                monthly_fen=checked.monthly_fen,
                agreed_until=asked.agreed_until,
                agreement=asked.agreement,
                language=checked.language,
                contact=keys.seal(asked.phone, PURPOSE),
                contact_digest=digest,
                takes_texts=takes_texts(asked.phone),
                began_on=asked.began_on,
                ended_on=asked.ended_on,
                source="import",
                created_at=now,
            )
            .on_conflict_do_nothing(index_elements=[_subscribers.c.operator_id, _subscribers.c.reference])
            .returning(_subscribers.c.id)
        ).one_or_none()
        if stored is not None:
            return asked.reference, True
        known = connection.execute(
            select(_subscribers).where(
                _subscribers.c.operator_id == operator_id, _subscribers.c.reference == asked.reference
            )
        ).one()
    differing = [_POINTERS.get(name, name) for name in differences(known._mapping, checked.said(digest))]
    if differing:
        told = {"columns": ", ".join(differing)}
        raise Refusal(*(Fault("subscriber.differs", f"/{name}", told) for name in differing))
    return asked.reference, False
