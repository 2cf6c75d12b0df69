"""Move an order to another stage, with its event and the text that follows from it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select, update

from tracker import clock
from tracker.contacts.models import CALL
from tracker.contacts.record_wish import PURPOSE as RECIPIENT
from tracker.contacts.record_wish import record_wish
from tracker.notices.drafts import Wanted
from tracker.notices.open_calls import call_off
from tracker.notices.plan_notices import cancel, plan_notices
from tracker.orders import appointment_texts, wording
from tracker.orders.actor import Actor
from tracker.orders.append_events import append_events, event_row
from tracker.orders.assignment import Assigning, named_by_channel
from tracker.orders.locking import lock_order
from tracker.orders.models import MOVE_KINDS, Order, OrderEvent
from tracker.orders.real_name_gate import NEEDS_REAL_NAME, still_wanting
from tracker.orders.rules import CLOSED, REASONS, TO_INSTALL, Move, Stage, faults_of
from tracker.problems import Fault, Refusal
from tracker.promises.ledger import Kind
from tracker.promises.models import PromiseEntry
from tracker.reference import OperatorFacts
from tracker.runtime import Runtime
from tracker.subscribers.begin_subscription import begin_subscription
from tracker.visits.book_slot import release_bookings, use_booking

_POINTERS = {
    "order.illegal_move": "/stage",
    "order.in_the_future": "/occurred_at",
    "order.before_last_stage": "/occurred_at",
    "order.reason_required": "/reason_code",
    "order.reason_text_required": "/reason_text",
    "order.appointment_required": "/appointment",
    "order.appointment_not_expected": "/appointment",
    "order.appointment_times": "/appointment",
}

# A visit that a channel tells the times of books nothing, and whoever is to come anew has no visit yet.
_NO_VISIT_BOOKED = frozenset({Stage.DISPATCHED, Stage.APPOINTED, Stage.WITHDRAWN, Stage.RETURNED})


def record_progress(
    runtime: Runtime,
    actor: Actor,
    number: str,
    request: Mapping[str, Any],
    *,
    if_version: int | None = None,
    detail: Mapping[str, Any] | None = None,
    assigning: Assigning | None = None,
) -> int:
    """Record one step, loaded by ProgressRequestSchema; returns the order's new version.

    `if_version`: the version that the caller saw. `detail`: what the event is to say besides, nothing
    personal. `assigning`: who is to install it from now on, in the place of the `installer` of the request.
    Raises Refusal: order.not_found for one that is not the actor's, version.stale where somebody was faster,
    or every rule that the step breaks, real_name.missing among them.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, if_version)
        move = _move(request, now)
        reference = runtime.reference.current()
        broken = faults_of(Stage(order.stage), _stage_at(connection, order.id), move, now)
        faults = [Fault(rule, _POINTERS[rule]) for rule in broken]
        if move.to in NEEDS_REAL_NAME:
            faults += still_wanting(connection, reference, order)
        if faults:
            raise Refusal(*faults)
        installer = request.get("installer") if assigning is None else assigning.target.told
        version = order.version + 1
        changes: dict[str, Any] = {"stage": move.to, "version": version}
        if move.appointment is not None:
            changes["appointment_starts_at"], changes["appointment_ends_at"] = move.appointment
        elif move.to is Stage.DISPATCHED:
            changes["appointment_starts_at"] = changes["appointment_ends_at"] = None
        if assigning is not None:
            changes |= assigning.target.columns
        elif installer is not None:
            changes |= named_by_channel(connection, order, installer)
        if move.to in CLOSED:
            changes["closed_at"] = move.occurred_at
        connection.execute(update(Order).where(Order.id == order.id).values(**changes))
        event = event_row(
            order,
            version,
            "stage",
            actor=actor.label,
            occurred_at=move.occurred_at,
            recorded_at=now,
            stage=move.to,
            reason_code=move.reason_code,
            reason_text=move.reason_text,
            detail={
                **_detail(move, installer),
                **(assigning.detail(order) if assigning else {}),
                **(detail or {}),
            },
        )
        append_events(connection, [event])
        if move.to is Stage.ON_SITE:
            use_booking(connection, order.id, now)
        elif move.to in _NO_VISIT_BOOKED:
            release_bookings(connection, order.id, now)
        if move.to is Stage.COMPLETED:
            _begin(connection, runtime, order, move.occurred_at, now)
            _keep_wish(runtime, actor, order)
        # Whatever was to be told or reminded of a visit belongs to the stage before.
        cancel(
            connection, order.id, ["visit_reminder", "appointment_changed"], f"the order went on: {move.to}"
        )
        if move.to not in TO_INSTALL:
            call_off(connection, order.id, ["visit_to_agree"], now)
        operator = reference.operators[order.operator_id]
        wanted = _text(connection, runtime, operator, order, move, changes, version)
        reminder = None
        if move.appointment is not None:
            reminder = appointment_texts.reminder(
                runtime.keys, operator, order, move.appointment, version, now
            )
        if wording.is_news(move.occurred_at, now):
            texts = [text for text in (wanted, reminder) if text is not None]
            plan_notices(connection, runtime, reference, texts, now)
    return version


def _stage_at(connection: Connection, order_id: int) -> datetime:
    """When its latest stage was reached; read after the lock, or it could be older than the order."""
    return connection.execute(
        select(func.max(OrderEvent.occurred_at)).where(
            OrderEvent.order_id == order_id, OrderEvent.kind.in_(MOVE_KINDS)
        )
    ).scalar_one()


def _move(request: Mapping[str, Any], now: datetime) -> Move:
    appointment = request.get("appointment")
    return Move(
        to=Stage(request["stage"]),
        occurred_at=request.get("occurred_at") or now,
        reason_code=request.get("reason_code"),
        reason_text=request.get("reason_text"),
        appointment=(appointment["starts_at"], appointment["ends_at"]) if appointment else None,
    )


def _begin(
    connection: Connection, runtime: Runtime, order: Row[Any], completed_at: datetime, now: datetime
) -> None:
    """The subscription that the order was placed for begins with the day of its completion."""
    begin_subscription(
        connection,
        runtime.keys,
        operator_id=order.operator_id,
        order_id=order.id,
        number=order.number,
        plan_id=order.plan_id,
        monthly_fen=order.price["monthly_fen"],
        phone=_phone_of(runtime, order),
        language=order.language,
        began_on=clock.local_date(completed_at),
        now=now,
    )


def _keep_wish(runtime: Runtime, actor: Actor, order: Row[Any]) -> None:
    """Whoever wanted to be called about the order is not to be sent texts about what it led to."""
    if order.notify_by != CALL:
        return
    phone = _phone_of(runtime, order)
    key = order.operator_id, runtime.keys.digest_of(RECIPIENT, phone)
    if key not in runtime.reference.current().wishes:
        record_wish(runtime.db, runtime.keys, order.operator_id, phone, CALL, actor.label)


def _phone_of(runtime: Runtime, order: Row[Any]) -> str:
    return runtime.keys.open(bytes(order.contact_phone), "orders.contact_phone")


def _told(connection: Connection, order_id: int) -> bool:
    """Whether the customer got a new date when it was found that a line must be built."""
    return bool(
        connection.scalar(
            select(exists().where(PromiseEntry.order_id == order_id, PromiseEntry.kind == Kind.REPROMISE))
        )
    )


def _detail(move: Move, installer: Mapping[str, str] | None) -> dict[str, Any]:
    detail: dict[str, Any] = {}
    if move.appointment is not None:
        detail["appointment"] = [at.isoformat() for at in move.appointment]
    if installer is not None:
        detail["installer"] = dict(installer)
    return detail


def _text(
    connection: Connection,
    runtime: Runtime,
    operator: OperatorFacts,
    order: Row[Any],
    move: Move,
    changes: Mapping[str, Any],
    version: int,
) -> Wanted | None:
    """The text that tells of the step; None where customers are told nothing of it."""
    language = order.language
    dedup_key = f"order:{order.id}:{version}:{move.to.value}"
    values = {"number": order.number, "hotline": operator.hotline, "signature": operator.signature}
    match move.to:
        case Stage.RESOURCE_CHECKED if order.resource == "needs_building" and not _told(connection, order.id):
            template = "resource_needs_building"
        case Stage.DISPATCHED:
            template = "dispatched"
        case Stage.APPOINTED if move.appointment is not None:
            title = changes.get("installer_title", order.installer_title)
            staff_number = changes.get("installer_staff_number", order.installer_staff_number)
            return appointment_texts.agreed(
                runtime.keys, operator, order, move.appointment, (title, staff_number), dedup_key
            )
        case Stage.COMPLETED:
            template = "completed"
            values["day"] = wording.day(move.occurred_at, language)
        case Stage.WITHDRAWN:
            template = "withdrawn"
        case Stage.RETURNED if move.reason_code is not None:
            template = "cancelled"
            reason = REASONS[move.reason_code]
            values["reason"] = reason.en if language == "en" else reason.zh
        case _:
            return None
    return Wanted(
        operator_id=order.operator_id,
        order_id=order.id,
        template=template,
        language=language,
        values=values,
        phone=_phone_of(runtime, order),
        dedup_key=dedup_key,
        by_call=order.notify_by == "call",
    )
