"""Ask that a delay be excused, or take that back."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, exists, insert, select

from tracker import clock
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.excuses.evidence import Kept, check_files, stored
from tracker.excuses.models import ExcuseFile, ExcuseRequest
from tracker.excuses.queries import EXCUSES
from tracker.excuses.rules import lies_after
from tracker.orders.actor import Actor
from tracker.orders.approval_rules import State
from tracker.orders.hold_rules import excuse_faults
from tracker.orders.locking import lock_order
from tracker.orders.queries import connected_at
from tracker.orders.standing import ENDED_EARLY
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

_requests = ExcuseRequest.__table__
_files = ExcuseFile.__table__
_EVIDENCE = "/evidence"


def ask_excuse(
    runtime: Runtime,
    actor: Actor,
    number: str,
    request: Mapping[str, Any],
    *,
    uploads: Sequence[bytes] = (),
    if_version: int | None = None,
) -> int:
    """Ask for it, loaded by ExcuseRequestSchema; also of an order that is done. Returns the request's id.

    Nothing changes of the order and of its figures until another manager approves, and nobody is told.
    `uploads`: photos and PDF documents as they were sent. Raises Refusal: order.not_found, version.stale,
    promise.order_done for an order that ended without a line, excuse.after_connection, excuse.overlaps,
    excuse.evidence_required, what is wrong with a file, or every excuse rule broken.
    """
    # Before anything is locked: drawing a picture takes longer than all the rest.
    checked = check_files(uploads)
    with stored(runtime, checked) as kept, runtime.db.transaction() as connection:
        # With the order locked, nobody asks for the same at the same time.
        order = lock_order(connection, actor, number, if_version)
        now = clock.now()
        faults = excuse_faults(
            request["reason_code"], request["starts_at"], request["ends_at"], order.accepted_at, now
        )
        faults += _own_faults(connection, order, request, kept)
        if faults:
            raise Refusal(*faults)
        made = insert(_requests).values(
            operator_id=order.operator_id,
            order_id=order.id,
            reason_code=request["reason_code"],
            reason_text=request["reason_text"],
            starts_at=request["starts_at"],
            ends_at=request["ends_at"],
            evidence=request["evidence"],
            asked_by=actor.label,
            asked_at=now,
            state=State.OPEN,
        )
        asked: int = connection.execute(made.returning(_requests.c.id)).scalar_one()
        for one in kept:
            connection.execute(
                insert(_files).values(
                    operator_id=order.operator_id,
                    request_id=asked,
                    order_id=order.id,
                    kind=one.kind,
                    name=one.name,
                    size=one.size,
                    added_at=now,
                )
            )
        note(connection, actor, asked, "excuse asked for")
    return asked


def retract_excuse(runtime: Runtime, actor: Actor, request_id: int) -> None:
    """Take one's own request back while nobody has decided on it.

    Raises Refusal: excuse.not_found, excuse.not_own, excuse.decided.
    """
    with runtime.db.transaction() as connection:
        EXCUSES.retract(connection, actor, request_id)
        note(connection, actor, request_id, "excuse taken back")


def note(connection: Connection, actor: Actor, request_id: int, why: str) -> None:
    """Let the audit trail say what became of a request."""
    append(
        connection,
        Action.CHANGED,
        operator_id=actor.operator_id,
        actor=actor.label,
        subject=f"excuse:{request_id}",
        fields=("state",),
        why=why,
    )


def _own_faults(
    connection: Connection, order: Row[Any], request: Mapping[str, Any], kept: Sequence[Kept]
) -> list[Fault]:
    """What stands against it besides the rules of every excuse."""
    faults = []
    if order.stage in ENDED_EARLY:
        faults.append(Fault("promise.order_done"))
    if request["reason_code"] == "other" and not request["reason_text"]:
        faults.append(Fault("order.reason_text_required", "/reason_text"))
    if not request["evidence"] and not kept:
        faults.append(Fault("excuse.evidence_required", _EVIDENCE))
    if lies_after(request["starts_at"], connected_at(connection, order.id)):
        faults.append(Fault("excuse.after_connection", "/starts_at"))
    # One may begin where another ends.
    same = exists().where(
        _requests.c.order_id == order.id,
        _requests.c.state.in_((State.OPEN, State.APPROVED)),
        _requests.c.starts_at < request["ends_at"],
        _requests.c.ends_at > request["starts_at"],
    )
    if connection.scalar(select(same)):
        faults.append(Fault("excuse.overlaps", "/starts_at"))
    return faults
