"""Approve or refuse a return that somebody else asked for."""

from tracker.orders.actor import Actor
from tracker.orders.approval_rules import State
from tracker.orders.record_progress import record_progress
from tracker.orders.return_queries import RETURNS
from tracker.orders.rules import Stage
from tracker.problems import Fault
from tracker.runtime import Runtime


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
    return.own_request, return.not_manager, return.other_manager, return.words_required, and return.moved_on
    where the approver sees the order at another stage than the one who asked: that is another question.
    """
    with runtime.db.transaction() as connection:
        asked, order = RETURNS.lock(connection, actor, request_id)
        against = [Fault("return.moved_on")] if order.stage != asked.stage else []
        RETURNS.check_decision(
            connection, actor, asked, order, against, approve=approve, words=words, if_version=if_version
        )
        state = State.APPROVED if approve else State.REFUSED
        RETURNS.close(connection, actor, request_id, state, words=words)
        if approve:
            step = {
                "stage": Stage.RETURNED,
                "reason_code": asked.reason_code,
                "reason_text": asked.reason_text,
            }
            more = {"asked_by": asked.asked_by, "return_request": asked.id}
            record_progress(runtime, actor, order.number, step, detail=more)
    number: str = order.number
    return number
