"""What was told about one order, for its operator's staff."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from tracker.notices.models import Notice
from tracker.notices.rules import State


def notices_of_order(connection: Connection, order_id: int, *, limit: int) -> Sequence[Row[Any]]:
    """The latest notices of an order, the latest first, without whom they went to."""
    return connection.execute(
        select(
            Notice.id,
            Notice.template,
            Notice.language,
            Notice.body,
            Notice.state,
            Notice.created_at,
            Notice.next_at,
            Notice.accepted_at,
            Notice.delivered_at,
        )
        .where(Notice.order_id == order_id)
        .order_by(Notice.id.desc())
        .limit(limit)
    ).all()


def last_told(connection: Connection, order_id: int, codes: Sequence[str]) -> Mapping[str, Any] | None:
    """The parameters of the latest of these texts that an order's customer got or will get, if any."""
    found: Mapping[str, Any] | None = connection.scalar(
        select(Notice.params)
        .where(Notice.order_id == order_id, Notice.template.in_(codes), Notice.state != State.CANCELLED)
        .order_by(Notice.id.desc())
        .limit(1)
    )
    return found
