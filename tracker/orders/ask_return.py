"""Ask that an order be returned (退单), or take that back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import exists, insert, select

from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.approval_rules import State
from tracker.orders.locking import lock_order
from tracker.orders.return_models import ReturnRequest
from tracker.orders.return_queries import RETURNS
from tracker.orders.return_rules import can_be_returned
from tracker.orders.rules import Stage
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

_requests = ReturnRequest.__table__


def ask_return(
    runtime: Runtime, actor: Actor, number: str, request: Mapping[str, Any], *, if_version: int | None = None
) -> int:
    """Ask for it, loaded by ReturnRequestSchema; returns the id of the request. The order does not change.

    Raises Refusal: order.not_found, version.stale, order.reason_text_required, return.not_now,
    return.open_already.
    """
    code, text = request["reason_code"], request["reason_text"]
    if code == "other" and not text:
        raise Refusal(Fault("order.reason_text_required", "/reason_text"))
    with runtime.db.transaction() as connection:
        # With the order locked, no two requests for its return can be under way.
        order = lock_order(connection, actor, number, if_version)
        if not can_be_returned(Stage(order.stage)):
            raise Refusal(Fault("return.not_now"))
        of_it = exists().where(_requests.c.order_id == order.id, _requests.c.state == State.OPEN)
        if connection.scalar(select(of_it)):
            raise Refusal(Fault("return.open_already"))
        made = insert(_requests).values(
            operator_id=order.operator_id,
            order_id=order.id,
            stage=order.stage,
            reason_code=code,
            reason_text=text,
            evidence=request["evidence"],
            asked_by=actor.label,
            asked_at=clock.now(),
            state=State.OPEN,
        )
        asked: int = connection.execute(made.returning(_requests.c.id)).scalar_one()
    return asked


def retract_return(runtime: Runtime, actor: Actor, request_id: int) -> None:
    """Take one's own request back while nobody has decided on it.

    Raises Refusal: return.not_found, return.not_own, return.decided.
    """
    with runtime.db.transaction() as connection:
        RETURNS.retract(connection, actor, request_id)
