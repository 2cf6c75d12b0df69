"""A subscription begins when its order is completed, in the same transaction."""

from datetime import date, datetime

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from tracker.contacts.recipients import takes_texts
from tracker.contacts.record_wish import PURPOSE
from tracker.crypto import KeyRing
from tracker.subscribers.models import Subscriber

_subscribers = Subscriber.__table__
_insert = insert(_subscribers)
# The operator's own records may have brought it before its order was completed: what they say of it
# stands, and the order is named.
_BEGIN = _insert.on_conflict_do_update(
    index_elements=[_subscribers.c.operator_id, _subscribers.c.reference],
    set_={"order_id": _insert.excluded.order_id},
    where=_subscribers.c.order_id.is_(None),
)


def begin_subscription(
    connection: Connection,
    keys: KeyRing,
    *,
    operator_id: int,
    order_id: int,
    number: str,
    plan_id: int,
    monthly_fen: int,
    phone: str,
    language: str,
    began_on: date,
    now: datetime,
) -> None:
    """The subscription that an order leads to, under the order's number and at the price it was sold at.

    `phone` is E.164, `monthly_fen` in fen, `began_on` the day of completion in the city. An order leads to
    one subscription only, however often it is told.
    """
    connection.execute(
        _BEGIN,
        {
            "operator_id": operator_id,
            "reference": number,
            "order_id": order_id,
            "plan_id": plan_id,
            "monthly_fen": monthly_fen,
            "language": language,
            "contact": keys.seal(phone, PURPOSE),
            "contact_digest": keys.digest_of(PURPOSE, phone),
            "takes_texts": takes_texts(phone),
            "began_on": began_on,
            "source": "order",
            "created_at": now,
        },
    )
