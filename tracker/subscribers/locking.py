"""A subscription that is about to change, locked until the commit."""

from typing import Any

from sqlalchemy import Connection, Row, select

from tracker.problems import Fault, Refusal
from tracker.subscribers.models import Subscriber


def lock_subscriber(
    connection: Connection, operator_id: int, reference: str, if_version: int | None
) -> Row[Any]:
    """The subscription. `if_version`: the version that the caller saw, None where any will do.

    Raises Refusal: subscriber.not_found for one that is not the operator's, version.stale where somebody
    was faster (invariant I7).
    """
    subscriber = connection.execute(
        select(Subscriber.__table__)
        .where(Subscriber.operator_id == operator_id, Subscriber.reference == reference)
        .with_for_update()
    ).one_or_none()
    if subscriber is None:
        raise Refusal(Fault("subscriber.not_found"))
    if if_version is not None and if_version != subscriber.version:
        raise Refusal(Fault("version.stale"))
    return subscriber
