"""Withdraw an order because its customer asks for it: ten minutes later, as a text that says so cannot be
taken back.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from tracker import clock
from tracker.customer_requests.models import CustomerRequest
from tracker.customer_requests.request import OrderRequest, Result
from tracker.customer_requests.rules import Kind, State
from tracker.notices.drafts import Wanted
from tracker.notices.plan_notices import plan_notices
from tracker.orders.locking import lock_order
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import Stage, open_moves
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

_requests = CustomerRequest.__table__

_BY_STAGE = {
    Stage.ON_SITE: ("装维人员已上门施工", "the installer is on site"),
    Stage.ACTIVATED: ("宽带已装通", "the line is connected"),
    Stage.COMPLETED: ("订单已竣工", "the order is completed"),
    Stage.RETURNED: ("订单已退单", "the order was closed before"),
}
_OTHERWISE = ("系统原因", "an error of ours")


def ask_withdrawal(connection: Connection, runtime: Runtime, request: OrderRequest, now: datetime) -> Result:
    """Make sure that the order can be withdrawn now, and wait.

    Raises Refusal: withdrawal.not_now, withdrawal.asked_already.
    """
    _require_open(Stage(request.order.stage))
    waiting = connection.scalar(
        select(_requests.c.due_at).where(
            _requests.c.order_id == request.order.id,
            _requests.c.kind == Kind.WITHDRAWAL,
            _requests.c.state == State.WAITING,
        )
    )
    if waiting is not None:
        raise Refusal(Fault("withdrawal.asked_already", "", {"at": f"{clock.local(waiting):%H:%M}"}))
    return Result(State.WAITING, due_at=request.undo_until, undo_until=request.undo_until)


def withdraw(connection: Connection, runtime: Runtime, request: OrderRequest, now: datetime) -> Result | None:
    """Do it, now that its time has come; None while its undoing, asked for before that, has not been seen to.

    Raises Refusal withdrawal.not_now where the order has gone on in the meantime.
    """
    if _undoing_waits(connection, request):
        return None
    order = lock_order(connection, request.actor, request.order.number, None)
    # Somebody else may have done it for the customer.
    if order.stage != Stage.WITHDRAWN:
        _require_open(Stage(order.stage))
        wanted = {"stage": Stage.WITHDRAWN.value, "reason_code": request.payload["reason_code"]}
        record_progress(runtime, request.actor, order.number, wanted)
    return Result(undo_until=request.undo_until)


def tell_refused(connection: Connection, runtime: Runtime, order: Row[Any], request_id: int) -> None:
    """Tell the customer, who believes the order withdrawn, that it is not, and why."""
    reference = runtime.reference.current()
    operator = reference.operators[order.operator_id]
    zh, en = _BY_STAGE.get(Stage(order.stage), _OTHERWISE)
    text = Wanted(
        operator_id=order.operator_id,
        order_id=order.id,
        template="request_refused",
        language=order.language,
        values={
            "number": order.number,
            "reason": en if order.language == "en" else zh,
            "hotline": operator.hotline,
            "signature": operator.signature,
        },
        phone=runtime.keys.open(bytes(order.contact_phone), "orders.contact_phone"),
        dedup_key=f"request:{request_id}:refused",
        by_call=order.notify_by == "call",
    )
    plan_notices(connection, runtime, reference, [text], clock.now())


def _require_open(stage: Stage) -> None:
    if Stage.WITHDRAWN not in open_moves(stage):
        raise Refusal(Fault("withdrawal.not_now"))


def _undoing_waits(connection: Connection, request: OrderRequest) -> bool:
    """Whether the customer wanted it back in time, and no worker has come to that yet."""
    return bool(
        connection.scalar(
            select(
                exists().where(
                    _requests.c.order_id == request.order.id,
                    _requests.c.kind == Kind.UNDO,
                    _requests.c.state == State.ASKED,
                    _requests.c.asked_at < request.undo_until,
                    _requests.c.payload["request"].astext == str(request.id),
                )
            )
        )
    )
