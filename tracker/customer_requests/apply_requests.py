"""Apply what customers have asked for, each request in one transaction with all that follows from it.

The row is the queue: whatever kills a worker leaves the request as it was, and another takes it up.
"""

import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Row, bindparam, literal_column, or_, select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tracker import clock
from tracker.crypto import UnreadableError
from tracker.customer_requests.ask_withdrawal import tell_refused
from tracker.customer_requests.asking import ring
from tracker.customer_requests.checks import checked
from tracker.customer_requests.handlers import HANDLERS
from tracker.customer_requests.models import CustomerRequest
from tracker.customer_requests.request import Result
from tracker.customer_requests.rules import MOST_FAILURES, Kind, State, again_after
from tracker.customer_requests.schemas import kept_of
from tracker.orders.models import Order
from tracker.problems import Fault, Refusal
from tracker.queueing import STOPPING
from tracker.runtime import Runtime

log = structlog.get_logger(__name__)

# A round is over after so many seconds, long before a job's own time is.
_LONGEST = 60.0

_requests = CustomerRequest.__table__
_NEXT = (
    select(_requests)
    .where(
        # Written out: a plan made for any state could not use the index of these.
        _requests.c.state.in_([literal_column(f"'{state}'") for state in (State.ASKED, State.WAITING)]),
        or_(
            _requests.c.due_at.is_(None),
            _requests.c.due_at <= bindparam("now", type_=_requests.c.due_at.type),
        ),
        _requests.c.id > bindparam("last"),
    )
    .order_by(_requests.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)


def apply_requests(runtime: Runtime) -> int:
    """Apply every request that is due, oldest first; returns how many were looked at.

    A rule that stands against one is written down as its refusal. An error of ours holds up no other: it is
    tried again later, and refused as `request.failed` in the end. Several workers at once share the work.
    """
    ends, last, looked_at = time.monotonic() + _LONGEST, 0, 0
    while not STOPPING.is_set():
        if time.monotonic() > ends:
            ring(runtime.bell)
            break
        found = _apply_next(runtime, last)
        if found is None:
            break
        last, looked_at = found, looked_at + 1
    return looked_at


def _apply_next(runtime: Runtime, last: int) -> int | None:
    """Apply the first due request after this one; its id, None where there is none."""
    now = clock.now()
    with runtime.db.transaction() as connection:
        row = connection.execute(_NEXT, {"now": now, "last": last}).one_or_none()
        if row is None:
            return None
        try:
            with connection.begin_nested():
                result = _result_of(connection, runtime, row, now)
        except Refusal as refusal:
            _refuse(connection, runtime, row, refusal.faults, now)
        except Exception as error:
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise
            _failed(connection, runtime, row, error, now)
        else:
            _write(connection, row, result, now)
    return int(row.id)


def _result_of(connection: Connection, runtime: Runtime, row: Row[Any], now: datetime) -> Result:
    handler = HANDLERS[Kind(row.kind)]
    request = checked(connection, row, handler.payload, now)
    if row.state == State.WAITING and handler.take_effect is not None:
        result = handler.take_effect(connection, runtime, request, now)
        waits = Result(State.WAITING, due_at=row.due_at, undo_until=row.undo_until)
        return waits if result is None else replace(result, outcome={**(row.outcome or {}), **result.outcome})
    return handler.apply(connection, runtime, request, now)


def _write(connection: Connection, row: Row[Any], result: Result, now: datetime) -> None:
    waits = result.state == State.WAITING
    connection.execute(
        update(_requests)
        .where(_requests.c.id == row.id)
        .values(
            state=result.state,
            applied_at=None if waits else now,
            due_at=result.due_at,
            undo_until=result.undo_until,
            outcome=dict(result.outcome),
            payload=row.payload if waits else kept_of(row.payload),
        )
    )


def _refuse(
    connection: Connection, runtime: Runtime, row: Row[Any], faults: Sequence[Fault], now: datetime
) -> None:
    """Write down why it was not done. Whoever was told that it would be is told that it was not."""
    connection.execute(
        update(_requests)
        .where(_requests.c.id == row.id)
        .values(
            state=State.REFUSED,
            applied_at=now,
            due_at=None,
            undo_until=None,
            payload=kept_of(row.payload),
            refusal=[
                {
                    "rule": one.rule,
                    "pointer": one.pointer,
                    "params": {k: _plain(v) for k, v in one.params.items()},
                }
                for one in faults
            ],
        )
    )
    log.info("request_refused", request=row.id, kind=row.kind, rules=[one.rule for one in faults])
    if row.state == State.WAITING:
        _tell_refused(connection, runtime, row)


def _tell_refused(connection: Connection, runtime: Runtime, row: Row[Any]) -> None:
    """Tell the customer; that nobody can be told must not keep the request in the queue for ever."""
    try:
        with connection.begin_nested():
            order = connection.execute(select(Order.__table__).where(Order.id == row.order_id)).one()
            tell_refused(connection, runtime, order, row.id)
    except (SQLAlchemyError, UnreadableError, LookupError) as error:
        log.error("customer_not_told", request=row.id, error=type(error).__name__)


def _failed(connection: Connection, runtime: Runtime, row: Row[Any], error: Exception, now: datetime) -> None:
    """An error of ours. Its words are left out of the log: they may quote what was to be stored (I5)."""
    failures = row.failures + 1
    frames = traceback.extract_tb(error.__traceback__)
    facts = {
        "request": row.id,
        "kind": row.kind,
        "failures": failures,
        "error": type(error).__name__,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    connection.execute(
        update(_requests)
        .where(_requests.c.id == row.id)
        .values(failures=failures, due_at=now + again_after(failures))
    )
    if failures < MOST_FAILURES:
        log.warning("request_failed", **facts)
        return
    log.error("request_given_up", **facts)
    _refuse(connection, runtime, row, [Fault("request.failed")], now)


def _plain(value: Any) -> str | int | float:
    return value if isinstance(value, str | int | float) else str(value)
