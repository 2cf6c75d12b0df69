"""Reads of subscriptions."""

from typing import Any

from sqlalchemy import Connection, Row, select

from tracker.contacts.record_wish import PURPOSE
from tracker.crypto import KeyRing, UnreadableError
from tracker.masks import mask_phone
from tracker.subscribers.models import Subscriber, SubscriberEvent
from tracker.tariffs.models import Plan

_PLAN = ("filing_number", "region", "version", "name", "name_en")
_WANTED = select(Subscriber.__table__, *(getattr(Plan, name).label(f"plan_{name}") for name in _PLAN)).join(
    Plan, Plan.id == Subscriber.plan_id
)


def subscription(
    connection: Connection, keys: KeyRing, operator_id: int, reference: str
) -> dict[str, Any] | None:
    """One subscription of an operator with its `plan`, its masked phone and its `events`, oldest first;
    None for another's.
    """
    row = connection.execute(
        _WANTED.where(Subscriber.operator_id == operator_id, Subscriber.reference == reference)
    ).one_or_none()
    if row is None:
        return None
    events = connection.execute(
        select(SubscriberEvent.__table__)
        .where(SubscriberEvent.subscriber_id == row.id)
        .order_by(SubscriberEvent.id)
    )
    return _shown(keys, row) | {"events": [event._asdict() for event in events]}


def _shown(keys: KeyRing, row: Row[Any]) -> dict[str, Any]:
    shown = row._asdict()
    shown["plan"] = {name: shown.pop(f"plan_{name}") for name in _PLAN}
    sealed = bytes(shown.pop("contact"))
    try:
        shown["phone_masked"] = mask_phone(keys.open(sealed, PURPOSE))
    except UnreadableError:
        shown["phone_masked"] = None
    return shown
