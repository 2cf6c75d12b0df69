"""Approve or refuse an excuse that somebody else asked for."""

from sqlalchemy import Connection, exists, func, select, update

from tracker import clock
from tracker.excuses.ask_excuse import note
from tracker.excuses.models import ExcuseRequest
from tracker.excuses.rules import Decider, State, decision_faults
from tracker.orders.actor import Actor
from tracker.orders.excuse_delay import Delay, excuse_delay
from tracker.orders.locking import lock_order
from tracker.orders.models import Order
from tracker.orders.standing import ENDED_EARLY
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.staff.models import Account

_requests = ExcuseRequest.__table__
_MANAGER = "manager"


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
    excuse.not_manager, excuse.other_manager, excuse.words_required, promise.order_done.
    """
    with runtime.db.transaction() as connection:
        number = connection.scalar(
            select(Order.number)
            .join(_requests, _requests.c.order_id == Order.id)
            .where(_requests.c.id == request_id, _requests.c.operator_id == actor.operator_id)
        )
        if number is None:
            raise Refusal(Fault("excuse.not_found"))
        # The order first, as everybody who asks does: what was decided meanwhile is seen after it. Whoever
        # asked takes it back without the order, so the request is locked too.
        order = lock_order(connection, actor, number, None)
        asked = connection.execute(
            select(_requests).where(_requests.c.id == request_id).with_for_update()
        ).one()
        faults = decision_faults(
            state=asked.state,
            asked_by=asked.asked_by,
            decider=_decider(connection, actor, asked.asked_by),
            approve=approve,
            words=words,
        )
        if approve and order.stage in ENDED_EARLY:
            faults.append(Fault("promise.order_done"))
        if faults:
            raise Refusal(*faults)
        if if_version is not None and if_version != order.version:
            raise Refusal(Fault("version.stale"))
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
        connection.execute(
            update(_requests)
            .where(_requests.c.id == request_id)
            .values(
                state=State.APPROVED if approve else State.REFUSED,
                decided_by=actor.label,
                decided_at=clock.now(),
                words=words,
                entry=entry,
            )
        )
        note(connection, actor, request_id, "excuse approved" if approve else "excuse refused")
    return number


def _decider(connection: Connection, actor: Actor, asked_by: str) -> Decider:
    label = "staff:" + Account.username
    managers = (
        Account.operator_id == actor.operator_id,
        Account.role == _MANAGER,
        Account.disabled_at.is_(None),
    )
    row = connection.execute(
        select(
            exists().where(*managers, label == actor.label).label("is_manager"),
            select(func.count())
            .select_from(Account)
            .where(*managers, label != asked_by)
            .scalar_subquery()
            .label("others"),
        )
    ).one()
    return Decider(actor.label, row.is_manager, row.others)
