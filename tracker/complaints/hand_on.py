"""Put somebody else in charge of a complaint."""

from typing import Any

from tracker import clock
from tracker.complaints.history import change, to_change
from tracker.complaints.persons import require_person
from tracker.complaints.schemas import HandOnSchema, load
from tracker.orders.actor import Actor
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

_schema = HandOnSchema()


def hand_on(
    runtime: Runtime,
    actor: Actor,
    complaint_id: int,
    request: dict[str, Any],
    *,
    if_version: int | None = None,
) -> int:
    """Hand an open complaint on, as HandOnSchema says; returns its new version.

    Raises Refusal: complaint.not_found, complaint.stale, complaint.ended, complaint.owner_unknown,
    complaint.same_owner, and every rule of the fields that is broken.
    """
    loaded = load(_schema, request)
    now = clock.now()
    with runtime.db.transaction() as connection:
        complaint = to_change(connection, actor, complaint_id, if_version)
        require_person(connection, actor.operator_id, loaded["owner"])
        if loaded["owner"] == complaint.owner_id:
            raise Refusal(Fault("complaint.same_owner", "/owner"))
        return change(
            connection,
            runtime.keys,
            actor,
            complaint,
            "handed_on",
            now,
            detail={"from": complaint.owner_id, "owner": loaded["owner"]},
            note=loaded["note"],
            owner_id=loaded["owner"],
        )
