"""End a subscription: give it its last day."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import insert, update

from tracker import clock
from tracker.db import Database
from tracker.problems import Fault, Refusal
from tracker.subscribers.check_subscription import faults_of_end
from tracker.subscribers.events import detail_of, event_row
from tracker.subscribers.locking import lock_subscriber
from tracker.subscribers.models import Subscriber, SubscriberEvent
from tracker.subscribers.rules import differences


def end_subscription(
    db: Database,
    operator_id: int,
    reference: str,
    request: Mapping[str, Any],
    actor: str,
    *,
    if_version: int | None = None,
) -> int:
    """Give it its last day, loaded by SubscriptionEndSchema, or another one while that has not gone by;
    returns the subscription's version.

    Raises Refusal: those of `lock_subscriber`, subscriber.ended, .days_reversed, .ends_too_far_ahead.
    """
    ended_on: date = request["ended_on"]
    now = clock.now()
    today = clock.local_date(now)
    with db.transaction() as connection:
        one = lock_subscriber(connection, operator_id, reference, if_version)
        version: int = one.version
        differing = differences(one._mapping, {"ended_on": ended_on})
        if not differing:
            return version
        if one.ended_on is not None and one.ended_on < today:
            raise Refusal(Fault("subscriber.ended"))
        faults = faults_of_end(one.began_on, ended_on, today)
        if faults:
            raise Refusal(*faults)
        connection.execute(
            update(Subscriber).where(Subscriber.id == one.id).values(ended_on=ended_on, version=version + 1)
        )
        connection.execute(
            insert(SubscriberEvent),
            event_row(operator_id, one.id, "ended", detail_of(differing), request["reason"], actor, now),
        )
    return version + 1
