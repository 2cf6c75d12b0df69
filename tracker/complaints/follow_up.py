"""Write down what was done about a complaint, and when somebody looks after it next."""

from typing import Any

from tracker import clock
from tracker.complaints.history import change, to_change
from tracker.complaints.rules import follow_up_faults
from tracker.complaints.schemas import FollowUpSchema, load
from tracker.orders.actor import Actor
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

_schema = FollowUpSchema()


def follow_up(
    runtime: Runtime,
    actor: Actor,
    complaint_id: int,
    request: dict[str, Any],
    *,
    if_version: int | None = None,
) -> int:
    """Record a follow-up, as FollowUpSchema says; returns the complaint's new version.

    Raises Refusal: complaint.not_found, complaint.stale, complaint.ended, complaint.owner_required,
    complaint.follow_up_day, and every rule of the fields that is broken.
    """
    loaded = load(_schema, request)
    now = clock.now()
    with runtime.db.transaction() as connection:
        complaint = to_change(connection, actor, complaint_id, if_version)
        if complaint.owner_id is None:
            raise Refusal(Fault("complaint.owner_required"))
        faults = follow_up_faults(loaded["next_on"], clock.local_date(now), complaint.due_on)
        if faults:
            raise Refusal(*faults)
        return change(
            connection,
            runtime.keys,
            actor,
            complaint,
            "followed_up",
            now,
            detail={"next_on": loaded["next_on"].isoformat()},
            note=loaded["note"],
            next_on=loaded["next_on"],
        )
