"""Approve or refuse a return that somebody else asked for."""

from sqlalchemy import select, update

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.locking import lock_order
from tracker.orders.record_progress import record_progress
from tracker.orders.return_models import ReturnRequest
from tracker.orders.return_queries import number_of_request
from tracker.orders.return_rules import State, decision_faults
from tracker.orders.rules import Stage
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

_requests = ReturnRequest.__table__


def decide_return(
    runtime: Runtime,
    actor: Actor,
    request_id: int,
    *,
    approve: bool,
    words: str | None = None,
    if_version: int | None = None,
) -> str:
    """Decide on a request; one that is approved returns the order in the same commit. Returns its number.

    `if_version`: the order's version that the decider saw. The order's event names the approver as its actor
    and whoever asked in its detail. Raises Refusal: return.not_found, version.stale, return.decided,
    return.own_request, return.moved_on, return.words_required.
    """
    with runtime.db.transaction() as connection:
        number = number_of_request(connection, actor.operator_id, request_id)
        if number is None:
            raise Refusal(Fault("return.not_found"))
        # The order first, as everybody who asks does: what was decided meanwhile is seen after it.
        order = lock_order(connection, actor, number, None)
        asked = connection.execute(select(_requests).where(_requests.c.id == request_id)).one()
        faults = decision_faults(
            state=asked.state,
            asked_by=asked.asked_by,
            decides=actor.label,
            asked_at_stage=asked.stage,
            stage=order.stage,
            approve=approve,
            words=words,
        )
        if faults:
            raise Refusal(*faults)
        if if_version is not None and if_version != order.version:
            raise Refusal(Fault("version.stale"))
        connection.execute(
            update(_requests)
            .where(_requests.c.id == request_id)
            .values(
                state=State.APPROVED if approve else State.REFUSED,
                decided_by=actor.label,
                decided_at=clock.now(),
                words=words,
            )
        )
        if approve:
            step = {
                "stage": Stage.RETURNED,
                "reason_code": asked.reason_code,
                "reason_text": asked.reason_text,
            }
            more = {"asked_by": asked.asked_by, "return_request": asked.id}
            record_progress(runtime, actor, number, step, detail=more)
    return number
