"""Adding to what is known of an outage's past, and finding one to change."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from tracker.outages.models import Outage, OutageEvent
from tracker.problems import Fault, Refusal

OUTAGES = Outage.__table__


def to_change(connection: Connection, operator_id: int, outage_id: int, revision: int) -> Row[Any]:
    """The operator's outage, locked. Raises Refusal: outage.not_found, outage.stale, outage.withdrawn."""
    row = connection.execute(
        select(OUTAGES)
        .where(OUTAGES.c.id == outage_id, OUTAGES.c.operator_id == operator_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise Refusal(Fault("outage.not_found"))
    if row.withdrawn_at is not None:
        raise Refusal(Fault("outage.withdrawn"))
    if row.revision != revision:
        raise Refusal(Fault("outage.stale"))
    return row


def record(
    connection: Connection,
    operator_id: int,
    outage_id: int,
    revision: int,
    kind: str,
    actor: str,
    at: datetime,
    *,
    detail: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write an event; instants in `detail` become text."""
    connection.execute(
        insert(OutageEvent).values(
            operator_id=operator_id,
            outage_id=outage_id,
            revision=revision,
            kind=kind,
            detail={name: _written(value) for name, value in (detail or {}).items()},
            reason=reason,
            actor=actor,
            at=at,
        )
    )


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return [_written(one) for one in value] if isinstance(value, list | tuple) else value
