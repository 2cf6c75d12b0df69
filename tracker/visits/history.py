"""Adding to what was done to slots, and finding those of an operator to change."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from tracker.problems import Fault, Refusal
from tracker.visits.models import VisitSlot, VisitSlotChange
from tracker.visits.rules import Change

SLOTS = VisitSlot.__table__


def to_change(connection: Connection, operator_id: int, slot_ids: Collection[int]) -> Sequence[Row[Any]]:
    """Slots of an operator, locked in the order in which everybody does.

    Raises Refusal slot.not_found where one of them is not the operator's, or none is named.
    """
    wanted = (
        select(SLOTS)
        .where(SLOTS.c.id.in_(slot_ids), SLOTS.c.operator_id == operator_id)
        .order_by(SLOTS.c.id)
        .with_for_update()
    )
    rows = connection.execute(wanted).all()
    if not rows or len(rows) != len(set(slot_ids)):
        raise Refusal(Fault("slot.not_found"))
    return rows


def record(
    connection: Connection,
    operator_id: int,
    kind: Change,
    slot_ids: Sequence[int],
    actor: str,
    at: datetime,
    *,
    detail: dict[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Write down what was done, once for all slots that it was done to."""
    connection.execute(
        insert(VisitSlotChange).values(
            operator_id=operator_id,
            kind=kind,
            slot_ids=list(slot_ids),
            detail=detail or {},
            reason=reason,
            actor=actor,
            at=at,
        )
    )
