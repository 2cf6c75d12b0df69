"""Record what came of a real-name check of an order's customer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, update

from tracker import clock
from tracker.notices.drafts import Wanted
from tracker.notices.plan_notices import cancel, plan_notices
from tracker.orders.actor import Actor
from tracker.orders.append_events import append_events, event_row
from tracker.orders.locking import lock_order
from tracker.orders.models import REAL_NAME_KIND, Order
from tracker.orders.rules import CLOSED, Stage
from tracker.problems import Fault, Refusal
from tracker.real_name.models import RealNameCheck
from tracker.real_name.rules import FAILURES, Outcome, Result, faults_of
from tracker.runtime import Runtime

_TOLD = "real_name_failed"
# Whoever is connected has passed what was required then.
_SETTLED = CLOSED | {Stage.ACTIVATED}


def record_check(
    runtime: Runtime,
    actor: Actor,
    number: str,
    request: Mapping[str, Any],
    *,
    may_waive: bool = False,
    if_version: int | None = None,
) -> int:
    """Record one result, loaded by CheckRequestSchema; returns the order's new version.

    The latest result of a check counts. Of one that failed the customer is told the reason and how to
    appeal. `may_waive`: a manager acts. Raises Refusal: order.not_found, version.stale, real_name.order_done,
    or every rule of checks that is broken.
    """
    now = clock.now()
    outcome = Outcome(
        request["check"],
        request["result"],
        request["reference"],
        request["reason_code"],
        request["reason_text"],
    )
    faults = faults_of(outcome, may_waive=may_waive)
    if faults:
        raise Refusal(*faults)
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, if_version)
        if Stage(order.stage) in _SETTLED:
            raise Refusal(Fault("real_name.order_done"))
        version = order.version + 1
        connection.execute(
            insert(RealNameCheck).values(
                operator_id=order.operator_id,
                order_id=order.id,
                **vars(outcome),
                actor=actor.label,
                recorded_at=now,
            )
        )
        connection.execute(update(Order).where(Order.id == order.id).values(version=version))
        event = event_row(
            order,
            version,
            REAL_NAME_KIND,
            actor=actor.label,
            occurred_at=now,
            recorded_at=now,
            reason_text=outcome.reason_text,
            detail={"check": outcome.kind, "result": outcome.result, "failure": outcome.reason_code},
        )
        append_events(connection, [event])
        # Of two results within a minute only the last one is news.
        cancel(connection, order.id, [_TOLD], f"another result: version {version}")
        if outcome.result == Result.FAILED:
            _tell(connection, runtime, order, outcome, version, now)
    return version


def _tell(
    connection: Connection, runtime: Runtime, order: Row[Any], outcome: Outcome, version: int, now: datetime
) -> None:
    reference = runtime.reference.current()
    operator = reference.operators[order.operator_id]
    text = Wanted(
        operator_id=order.operator_id,
        order_id=order.id,
        template=_TOLD,
        language=order.language,
        values={
            "number": order.number,
            "reason": FAILURES[outcome.reason_code or "other"].said(order.language),
            "hotline": operator.hotline,
            "signature": operator.signature,
        },
        phone=runtime.keys.open(bytes(order.contact_phone), "orders.contact_phone"),
        dedup_key=f"order:{order.id}:{version}:{_TOLD}",
        by_call=order.notify_by == "call",
    )
    plan_notices(connection, runtime, reference, [text], now)
