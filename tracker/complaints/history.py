"""Adding to what is known of a complaint's past, and finding one to change."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from tracker.complaints.models import Complaint, ComplaintEvent
from tracker.complaints.rules import State
from tracker.crypto import KeyRing
from tracker.orders.actor import Actor
from tracker.problems import Fault, Refusal

COMPLAINTS = Complaint.__table__
TEXT, NAME, PHONE = "complaints.text", "complaints.contact_name", "complaints.contact_phone"
NOTE = "complaint_events.note"


def to_change(
    connection: Connection,
    actor: Actor,
    complaint_id: int,
    if_version: int | None,
    *,
    order_id: int | None = None,
    state: State = State.OPEN,
) -> Row[Any]:
    """A complaint of the actor's operator, locked. `order_id`: it must be about this order.

    Raises Refusal: complaint.not_found, complaint.stale, complaint.ended or complaint.not_closed where it
    is not in `state`.
    """
    wanted = select(COMPLAINTS).where(
        COMPLAINTS.c.id == complaint_id, COMPLAINTS.c.operator_id == actor.operator_id
    )
    if order_id is not None:
        wanted = wanted.where(COMPLAINTS.c.order_id == order_id)
    row = connection.execute(wanted.with_for_update()).one_or_none()
    if row is None:
        raise Refusal(Fault("complaint.not_found"))
    if if_version is not None and row.version != if_version:
        raise Refusal(Fault("complaint.stale"))
    if row.state != state:
        raise Refusal(Fault("complaint.not_closed" if state is State.CLOSED else "complaint.ended"))
    return row


def change(
    connection: Connection,
    keys: KeyRing,
    actor: Actor,
    complaint: Row[Any],
    kind: str,
    at: datetime,
    *,
    detail: dict[str, Any] | None = None,
    note: str | None = None,
    **changes: Any,
) -> int:
    """Change a locked complaint and write down what was done; returns its new version."""
    version = complaint.version + 1
    connection.execute(
        update(COMPLAINTS).where(COMPLAINTS.c.id == complaint.id).values(version=version, **changes)
    )
    record(connection, keys, actor, complaint.id, version, kind, at, detail=detail, note=note)
    return version


def record(
    connection: Connection,
    keys: KeyRing,
    actor: Actor,
    complaint_id: int,
    version: int,
    kind: str,
    at: datetime,
    *,
    detail: dict[str, Any] | None = None,
    note: str | None = None,
) -> None:
    """Write an event."""
    connection.execute(
        insert(ComplaintEvent).values(
            operator_id=actor.operator_id,
            complaint_id=complaint_id,
            version=version,
            kind=kind,
            detail=detail or {},
            note=None if note is None else keys.seal(note, NOTE),
            actor=actor.label,
            at=at,
        )
    )
