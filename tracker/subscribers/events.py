"""What is written down of a change of a subscription (invariant I7)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any


def event_row(
    operator_id: int,
    subscriber_id: int,
    kind: str,
    detail: Mapping[str, Any],
    reason: str,
    actor: str,
    at: datetime,
) -> dict[str, Any]:
    """The event as its table has it."""
    return {
        "operator_id": operator_id,
        "subscriber_id": subscriber_id,
        "kind": kind,
        "detail": detail,
        "reason": reason,
        "actor": actor,
        "at": at,
    }


def detail_of(differing: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Differences as an event keeps them: of another phone only that it is another one (I5)."""
    return {
        "phone" if column == "contact_digest" else column: (
            {} if column == "contact_digest" else {side: _plain(value) for side, value in change.items()}
        )
        for column, change in differing.items()
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
