"""Approve or refuse an excuse that somebody else asked for."""

from tracker.excuses.ask_excuse import note
from tracker.excuses.queries import EXCUSES
from tracker.excuses.rules import lies_after
from tracker.orders.actor import Actor
from tracker.orders.approval_rules import State
from tracker.orders.excuse_delay import Delay, excuse_delay
from tracker.orders.queries import connected_at
from tracker.orders.standing import ENDED_EARLY
from tracker.problems import Fault
from tracker.runtime import Runtime


def decide_excuse(
    runtime: Runtime,
    actor: Actor,
    request_id: int,
    *,
    approve: bool,
    words: str | None = None,
    if_version: int | None = None,
) -> str:
    """Decide on a request; one that is approved is a line of the order's ledger, in the same commit.

    From then on the net figure counts it. Returns the order's number. `if_version`: the order's version that
    the decider saw. Raises Refusal: excuse.not_found, version.stale, excuse.decided, excuse.own_request,
    excuse.not_manager, excuse.other_manager, excuse.words_required, promise.order_done,
    excuse.after_connection.
    """
    with runtime.db.transaction() as connection:
        asked, order = EXCUSES.lock(connection, actor, request_id)
        against = []
        if order.stage in ENDED_EARLY:
            against.append(Fault("promise.order_done"))
        if lies_after(asked.starts_at, connected_at(connection, order.id)):
            against.append(Fault("excuse.after_connection"))
        EXCUSES.check_decision(
            connection, actor, asked, order, against, approve=approve, words=words, if_version=if_version
        )
        entry = None
        if approve:
            delay = Delay(
                request_id=asked.id,
                asked_by=asked.asked_by,
                reason_code=asked.reason_code,
                reason_text=asked.reason_text,
                evidence=asked.evidence,
                starts_at=asked.starts_at,
                ends_at=asked.ends_at,
            )
            entry = excuse_delay(connection, runtime.reference.current(), order, delay, actor).number
        state = State.APPROVED if approve else State.REFUSED
        EXCUSES.close(connection, actor, request_id, state, words=words, entry=entry)
        note(connection, actor, request_id, "excuse approved" if approve else "excuse refused")
    number: str = order.number
    return number
