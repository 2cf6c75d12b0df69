"""Agree a visit, change it (改约), have the former one back, or call it off.

A visit in a slot takes a place of it; one of plain times, as channels without slots tell it, takes none.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from tracker import clock
from tracker.notices.open_calls import call_off
from tracker.notices.plan_notices import cancel, plan_notices
from tracker.orders import appointment_texts
from tracker.orders.actor import Actor
from tracker.orders.append_events import append_events, event_row
from tracker.orders.appointment_texts import Visit
from tracker.orders.held_visits import hold_over, holds_of, require_no_hold
from tracker.orders.locking import lock_order
from tracker.orders.models import APPOINTMENT_KIND, MOVE_KINDS, Order, OrderEvent
from tracker.orders.rules import TAKES_APPOINTMENT, Stage, appointment_faults
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.visits.book_slot import Booked, book_slot, put_back, release_bookings
from tracker.visits.rules import areas_of

# What a customer may be called about instead of a text, and what does not matter once the visit is off.
_OF_VISITS = ("appointed", "appointment_changed", "visit_reminder")
_POINTERS = {"order.appointment_times": "/ends_at"}


@dataclass(frozen=True)
class _Why:
    code: str | None
    text: str | None


_NO_REASON = _Why(None, None)


def change_appointment(
    runtime: Runtime,
    actor: Actor,
    number: str,
    slot_id: int,
    *,
    reason_code: str | None = None,
    reason_text: str | None = None,
    keep_former_until: datetime | None = None,
    if_version: int | None = None,
) -> int:
    """Book a slot for an order's visit, and tell the customer; returns the order's new version.

    `keep_former_until`: until when the former visit can be had back by `undo_appointment`, its place kept
    from everybody else; None where it cannot. Staff agree none within a hold: an installer would be refused
    at the door. Raises Refusal: order.not_found, version.stale, order.reason_text_required,
    appointment.not_now, appointment.held, and what `book_slot` refuses.
    """
    now = clock.now()
    why = _why(reason_code, reason_text)
    with runtime.db.transaction() as connection:
        order = _lock(connection, actor, number, if_version)
        booked = book_slot(
            connection,
            operator_id=order.operator_id,
            order_id=order.id,
            areas=areas_of(order.community_code),
            slot_id=slot_id,
            now=now,
            keep_former_until=keep_former_until,
        )
        visit = booked.starts_at, booked.ends_at
        if actor.is_staff:
            require_no_hold(connection, order.id, visit, now, "/slot")
        detail = {"slot": slot_id, **_undoable(order, booked, keep_former_until)}
        return _agree(runtime, connection, actor, order, visit, detail, why, now)


def agree_times(
    runtime: Runtime,
    actor: Actor,
    number: str,
    visit: Visit,
    *,
    reason_code: str | None = None,
    reason_text: str | None = None,
    if_version: int | None = None,
) -> int:
    """Agree a visit of plain times, which books nothing, and tell the customer; returns the new version.

    Raises Refusal: order.not_found, version.stale, order.reason_text_required, appointment.not_now,
    order.appointment_times, appointment.no_change.
    """
    now = clock.now()
    why = _why(reason_code, reason_text)
    with runtime.db.transaction() as connection:
        order = _lock(connection, actor, number, if_version)
        faults = appointment_faults(visit, now)
        if faults:
            raise Refusal(*(Fault(rule, _POINTERS.get(rule, "")) for rule in faults))
        if order.stage == Stage.APPOINTED and visit == _visit_of(order):
            raise Refusal(Fault("appointment.no_change"))
        release_bookings(connection, order.id, now)
        return _agree(runtime, connection, actor, order, visit, {}, why, now)


def undo_appointment(runtime: Runtime, actor: Actor, number: str, *, if_version: int | None = None) -> int:
    """Put back what the last change of the appointment replaced; returns the order's new version.

    Where there was no visit before, the order is dispatched again. Raises Refusal: order.not_found,
    version.stale, appointment.nothing_to_undo, appointment.undo_over, appointment.held where a hold has come
    to lie over what was before.
    """
    now = clock.now()
    with runtime.db.transaction() as connection:
        order = lock_order(connection, actor, number, if_version)
        last = _last_step(connection, order.id)
        former = last.detail.get("former")
        if former is None or order.stage != Stage.APPOINTED:
            raise Refusal(Fault("appointment.nothing_to_undo"))
        before = former["appointment"] and read_visit(former["appointment"])
        if datetime.fromisoformat(last.detail["undo_until"]) <= now or (before and before[0] <= now):
            raise Refusal(Fault("appointment.undo_over"))
        if before:
            require_no_hold(connection, order.id, before, now)
        put_back(connection, order.id, former["booking"], now)
        detail = {"undoes": last.order_version}
        if before is None:
            return _take_back(runtime, connection, actor, order, detail, _NO_REASON, now)
        return _agree(runtime, connection, actor, order, before, detail, _NO_REASON, now)


def cancel_visit(
    connection: Connection, runtime: Runtime, actor: Actor, order: Row[Any], reason_code: str, now: datetime
) -> None:
    """Call off the visit of a locked order that is at the stage of one: its place is given back, and the
    customer told that it is off instead of whatever was still to be said of it.
    """
    release_bookings(connection, order.id, now)
    call_off(connection, order.id, _OF_VISITS, now)
    _take_back(runtime, connection, actor, order, {}, _Why(reason_code, None), now)


def undoable_until(connection: Connection, order_id: int) -> datetime | None:
    """Until when `undo_appointment` can undo what was done to an order last; None where it cannot."""
    detail = _last_step(connection, order_id).detail
    if "undo_until" not in detail:
        return None
    before = detail["former"]["appointment"]
    if before and hold_over(holds_of(connection, order_id), read_visit(before), clock.now()):
        return None
    return datetime.fromisoformat(detail["undo_until"])


def _why(code: str | None, text: str | None) -> _Why:
    if code == "other" and not text:
        raise Refusal(Fault("order.reason_text_required", "/reason_text"))
    return _Why(code, text)


def _lock(connection: Connection, actor: Actor, number: str, if_version: int | None) -> Row[Any]:
    order = lock_order(connection, actor, number, if_version)
    if Stage(order.stage) not in TAKES_APPOINTMENT:
        raise Refusal(Fault("appointment.not_now"))
    return order


def _undoable(order: Row[Any], booked: Booked, until: datetime | None) -> dict[str, Any]:
    """What the event of a change holds so that it can be undone."""
    if until is None:
        return {}
    visit = _visit_of(order) if order.stage == Stage.APPOINTED else None
    appointment = visit and [at.isoformat() for at in visit]
    former = {"appointment": appointment, "booking": booked.kept_id}
    return {"former": former, "undo_until": until.isoformat()}


def _visit_of(order: Row[Any]) -> Visit | None:
    if order.appointment_starts_at is None:
        return None
    return order.appointment_starts_at, order.appointment_ends_at


def read_visit(appointment: list[str]) -> Visit:
    """A visit as an event keeps it."""
    starts_at, ends_at = (datetime.fromisoformat(at) for at in appointment)
    return starts_at, ends_at


def _last_step(connection: Connection, order_id: int) -> Row[Any]:
    """The last event that moved the order or its visit; every order has been accepted."""
    return connection.execute(
        select(OrderEvent.order_version, OrderEvent.detail)
        .where(OrderEvent.order_id == order_id, OrderEvent.kind.in_((*MOVE_KINDS, APPOINTMENT_KIND)))
        .order_by(OrderEvent.order_version.desc())
        .limit(1)
    ).one()


def _agree(
    runtime: Runtime,
    connection: Connection,
    actor: Actor,
    order: Row[Any],
    visit: Visit,
    detail: dict[str, Any],
    why: _Why,
    now: datetime,
) -> int:
    """Let the order's visit be this one, at the stage at which one is agreed."""
    version = order.version + 1
    kind = APPOINTMENT_KIND if order.stage == Stage.APPOINTED else "stage"
    detail = {"appointment": [at.isoformat() for at in visit], **detail}
    _write(connection, actor, order, Stage.APPOINTED, visit, kind, detail, why, now)
    reference = runtime.reference.current()
    operator = reference.operators[order.operator_id]
    reminder = appointment_texts.reminder(runtime.keys, operator, order, visit, version, now)
    if order.stage == Stage.APPOINTED or not actor.is_staff:
        text = appointment_texts.changed(runtime.keys, operator, order, visit, version)
    else:
        installer = order.installer_title, order.installer_staff_number
        key = f"order:{order.id}:{version}:{Stage.APPOINTED}"
        text = appointment_texts.agreed(runtime.keys, operator, order, visit, installer, key)
    plan_notices(connection, runtime, reference, [text, *([reminder] if reminder else [])], now)
    return version


def _take_back(
    runtime: Runtime,
    connection: Connection,
    actor: Actor,
    order: Row[Any],
    detail: dict[str, Any],
    why: _Why,
    now: datetime,
) -> int:
    """Let the order have no visit, as before its first one was agreed."""
    version = order.version + 1
    visit = order.appointment_starts_at, order.appointment_ends_at
    _write(connection, actor, order, Stage.DISPATCHED, None, "stage", detail, why, now)
    reference = runtime.reference.current()
    operator = reference.operators[order.operator_id]
    text = appointment_texts.off(runtime.keys, operator, order, visit, version)
    plan_notices(connection, runtime, reference, [text], now)
    return version


def _write(
    connection: Connection,
    actor: Actor,
    order: Row[Any],
    stage: Stage,
    visit: Visit | None,
    kind: str,
    detail: dict[str, Any],
    why: _Why,
    now: datetime,
) -> None:
    """The order with its next version, the event, and no reminder of the visit that it had."""
    starts_at, ends_at = visit or (None, None)
    connection.execute(
        update(Order)
        .where(Order.id == order.id)
        .values(
            stage=stage,
            version=order.version + 1,
            appointment_starts_at=starts_at,
            appointment_ends_at=ends_at,
        )
    )
    event = event_row(
        order,
        order.version + 1,
        kind,
        actor=actor.label,
        occurred_at=now,
        recorded_at=now,
        stage=stage,
        reason_code=why.code,
        reason_text=why.text,
        detail=detail,
    )
    append_events(connection, [event])
    cancel(connection, order.id, ["visit_reminder"], f"another appointment: version {order.version + 1}")
