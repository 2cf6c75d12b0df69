"""Reads of an order's visit, and of the slots that it could have."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, true

from tracker.orders.appointment_texts import Visit
from tracker.orders.desk_list import hold_of
from tracker.orders.held_visits import hold_over, holds_of
from tracker.orders.models import Order
from tracker.orders.rules import TAKES_APPOINTMENT, Stage
from tracker.visits.queries import booked_slot, free_slots
from tracker.visits.rules import areas_of


@dataclass(frozen=True)
class VisitChoice:
    """An order, the slot that it has booked, whether its visit can be changed now, and to which slots.

    `held_until`: the end of the hold for which free slots are left out; None where none is.
    """

    order: Row[Any]
    slot_id: int | None
    may_change: bool
    slots: tuple[Row[Any], ...]
    held_until: datetime | None = None

    @property
    def appointment(self) -> dict[str, datetime] | None:
        """The visit that is to come or has come; None before one was agreed."""
        order = self.order
        if order.appointment_starts_at is None:
            return None
        return {"starts_at": order.appointment_starts_at, "ends_at": order.appointment_ends_at}


def visit_choice(
    connection: Connection, operator_id: int, number: str, now: datetime, *, channel_id: int | None = None
) -> VisitChoice | None:
    """The visit of an operator's order, or of a channel's where one is named; None for another's.

    Slots are read only where one can be chosen; the hours that the order has booked are not among them, nor,
    but for a channel, those within a hold.
    """
    wanted = select(
        Order.id,
        Order.number,
        Order.stage,
        Order.version,
        Order.community_code,
        Order.appointment_starts_at,
        Order.appointment_ends_at,
        Order.installer_title,
        Order.installer_staff_number,
    ).where(Order.number == number, Order.operator_id == operator_id)
    if channel_id is not None:
        wanted = wanted.where(Order.channel_id == channel_id)
    order = connection.execute(wanted).one_or_none()
    if order is None:
        return None
    slot_id = booked_slot(connection, order.id)
    may_change = Stage(order.stage) in TAKES_APPOINTMENT
    slots: tuple[Row[Any], ...] = ()
    if may_change:
        free = free_slots(connection, operator_id, areas_of(order.community_code), now)
        booked = slot_id and (order.appointment_starts_at, order.appointment_ends_at)
        slots = tuple(slot for slot in free if (slot.starts_at, slot.ends_at) != booked)
    if channel_id is not None or not slots:
        return VisitChoice(order, slot_id, may_change, slots)
    holds = holds_of(connection, order.id)
    over = {slot.id: hold_over(holds, _hours(slot), now) for slot in slots}
    ends = [hold.ends_at for hold in over.values() if hold is not None]
    open_slots = tuple(slot for slot in slots if over[slot.id] is None)
    return VisitChoice(order, slot_id, may_change, open_slots, max(ends, default=None))


def _hours(slot: Row[Any]) -> Visit:
    return slot.starts_at, slot.ends_at


def booked_orders(connection: Connection, order_ids: Collection[int], now: datetime) -> dict[int, Row[Any]]:
    """Orders by their ids: each its `number`, and `held_until`, None where no hold runs."""
    hold = hold_of(now)
    wanted = (
        select(Order.id, Order.number, hold.c.ends_at.label("held_until"))
        .join_from(Order, hold, true(), isouter=True)
        .where(Order.id.in_(order_ids))
    )
    return {row.id: row for row in connection.execute(wanted)}
