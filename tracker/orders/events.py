"""The event that every change of an order writes (invariant I7)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row


def event_row(
    order: Row[Any],
    version: int,
    kind: str,
    *,
    actor: str,
    occurred_at: datetime,
    recorded_at: datetime,
    reason_text: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The row of an event that leaves a locked order at its stage and brings it to `version`.

    `detail` may hold no personal data: events are shown and sent on.
    """
    return {
        "operator_id": order.operator_id,
        "channel_id": order.channel_id,
        "order_id": order.id,
        "order_version": version,
        "kind": kind,
        "stage": order.stage,
        "reason_text": reason_text,
        "detail": dict(detail or {}),
        "actor": actor,
        "occurred_at": occurred_at,
        "recorded_at": recorded_at,
    }
