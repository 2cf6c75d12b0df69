"""One order as the desk sees it: what it is, who it is for (masked), how it stands, how it got there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, true

from tracker.crypto import KeyRing
from tracker.masks import mask_name, mask_phone
from tracker.orders.models import MOVE_KINDS, Order, OrderEvent
from tracker.orders.rules import Stage
from tracker.promises.models import Promise, PromiseEntry
from tracker.promises.standing import current, latest_entry

_LATEST = latest_entry(Order.id, PromiseEntry.deadline, PromiseEntry.provisional)
_ORDER = (
    select(
        Order.id,
        Order.operator_id,
        Order.number,
        Order.external_reference,
        Order.customer_kind,
        Order.customer_name,
        Order.contact_phone,
        Order.community_code,
        Order.channel_id,
        Order.dealer,
        Order.needs_assistance,
        Order.price,
        Order.stage,
        Order.accepted_at,
        Order.appointment_starts_at,
        Order.appointment_ends_at,
        Order.installer_title,
        Order.installer_staff_number,
        Order.closed_at,
        Order.anonymised_at,
        Promise.deadline.label("first_deadline"),
        current(_LATEST, "deadline"),
        current(_LATEST, "provisional"),
    )
    .join(Promise, Promise.order_id == Order.id)
    .outerjoin(_LATEST, true())
)


@dataclass(frozen=True)
class DeskView:
    """An order, its customer's name and phone behind their masks, and its moves from stage to stage.

    Of one that was anonymised neither is known: both are empty.
    """

    order: Row[Any]
    name: str
    phone: str
    moves: Sequence[Row[Any]]

    @property
    def connected_at(self) -> datetime | None:
        """When the line was connected; None before."""
        return next((move.occurred_at for move in self.moves if move.stage == Stage.ACTIVATED), None)


def desk_view(connection: Connection, keys: KeyRing, operator_id: int, number: str) -> DeskView | None:
    """One order of an operator; None for another's. Raises UnreadableError."""
    order = connection.execute(
        _ORDER.where(Order.operator_id == operator_id, Order.number == number)
    ).one_or_none()
    if order is None:
        return None
    moves = connection.execute(
        select(
            OrderEvent.stage,
            OrderEvent.reason_code,
            OrderEvent.reason_text,
            OrderEvent.actor,
            OrderEvent.occurred_at,
        )
        .where(OrderEvent.order_id == order.id, OrderEvent.kind.in_(MOVE_KINDS))
        .order_by(OrderEvent.order_version)
    ).all()
    if order.anonymised_at is not None:
        return DeskView(order, "", "", moves)
    return DeskView(
        order,
        mask_name(keys.open(bytes(order.customer_name), "orders.customer_name")),
        mask_phone(keys.open(bytes(order.contact_phone), "orders.contact_phone")),
        moves,
    )
