"""Write down what the customer says of a complaint's result."""

from tracker import clock
from tracker.complaints.history import change, to_change
from tracker.complaints.rules import State
from tracker.complaints.schemas import SatisfactionSchema, load
from tracker.orders.actor import Actor
from tracker.runtime import Runtime

_schema = SatisfactionSchema()


def record_satisfaction(
    runtime: Runtime, actor: Actor, complaint_id: int, satisfaction: str, *, if_version: int | None = None
) -> int:
    """Record it for a closed complaint, in the place of what was said before; returns its new version.

    Raises Refusal: complaint.not_found, complaint.stale, complaint.not_closed, field.choice.
    """
    loaded = load(_schema, {"satisfaction": satisfaction})
    now = clock.now()
    with runtime.db.transaction() as connection:
        complaint = to_change(connection, actor, complaint_id, if_version, state=State.CLOSED)
        return change(connection, runtime.keys, actor, complaint, "answered", now, detail=loaded, **loaded)
