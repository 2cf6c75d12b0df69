"""Close a complaint: the customer is told what came of it."""

from typing import Any

from tracker import clock
from tracker.complaints.history import change, to_change
from tracker.complaints.rules import State, result_faults
from tracker.complaints.schemas import ClosingSchema, load
from tracker.complaints.telling import complainant_of, key_of, tell
from tracker.orders.actor import Actor
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

_schema = ClosingSchema()


def close_complaint(
    runtime: Runtime,
    actor: Actor,
    complaint_id: int,
    request: dict[str, Any],
    *,
    if_version: int | None = None,
) -> int:
    """Close an open complaint, as ClosingSchema says; returns its new version.

    Raises Refusal: complaint.not_found, complaint.stale, complaint.ended, complaint.owner_required,
    complaint.words, complaint.personal, and every rule of the fields that is broken.
    """
    loaded = load(_schema, request)
    faults = result_faults(loaded["result"])
    if faults:
        raise Refusal(*faults)
    now = clock.now()
    with runtime.db.transaction() as connection:
        complaint = to_change(connection, actor, complaint_id, if_version)
        if complaint.owner_id is None:
            raise Refusal(Fault("complaint.owner_required"))
        said = {name: loaded[name] for name in ("result", "settled_at_outlet", "satisfaction")}
        version = change(
            connection,
            runtime.keys,
            actor,
            complaint,
            "closed",
            now,
            detail=said,
            note=loaded["note"],
            state=State.CLOSED,
            next_on=None,
            ended_at=now,
            **said,
        )
        to = complainant_of(connection, complaint, runtime.keys)
        if to is not None:
            key = key_of("complaint", complaint.id, "closed")
            told = {"complaint": complaint.number, "result": loaded["result"]}
            tell(connection, runtime, to, "complaint_closed", key, now, **told)
    return version
