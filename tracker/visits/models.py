"""Tables of slots for visits, of what became of them, and of who has booked them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.visits.rules import BookingState, Change


class VisitSlot(Base):
    """A window in which installers can come to an area (上门时段), and to how many homes.

    `area_code` is a county or a town. `booked` counts the bookings that take a place
    (`rules.TAKES_A_PLACE`); it is raised by the statement that finds a place free, and never stands above
    `capacity`. A closed slot takes no new booking; those that it has stay.
    """

    __tablename__ = "visit_slots"
    __table_args__ = (
        # Also the index of everything that is asked of slots.
        UniqueConstraint("operator_id", "area_code", "starts_at", "ends_at"),
        Index(None, "ends_at", "id"),
        CheckConstraint("ends_at > starts_at", name="window"),
        CheckConstraint("0 <= booked AND booked <= capacity", name="booked"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    area_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    capacity: Mapped[int] = mapped_column(SmallInteger)
    booked: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    closed_at: Mapped[datetime | None]


class SlotBooking(Base):
    """A place in a slot that an order has, or had: at most one of an order's is `booked`.

    `kept_until`: until when the place of a former visit is kept, so that its customer can have it back.
    """

    __tablename__ = "slot_bookings"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(one.value) for one in BookingState)})", name="state"),
        CheckConstraint("(state = 'kept') = (kept_until IS NOT NULL)", name="kept"),
        CheckConstraint("(state = 'released') = (released_at IS NOT NULL)", name="released"),
        Index("uq_slot_bookings_live", "order_id", unique=True, postgresql_where=text("state = 'booked'")),
        Index("ix_slot_bookings_of_order", "order_id", "id"),
        Index("ix_slot_bookings_kept", "kept_until", postgresql_where=text("state = 'kept'")),
        Index(None, "slot_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    slot_id: Mapped[int] = mapped_column(ForeignKey("visit_slots.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    state: Mapped[str] = mapped_column(String(10))
    booked_at: Mapped[datetime]
    kept_until: Mapped[datetime | None]
    released_at: Mapped[datetime | None]


class VisitSlotChange(Base):
    """What a manager did to slots, and why: append-only (invariant I7).

    One row for all that was done by one press of a button. `detail` of an opening holds its pattern, that
    of another capacity "capacity".
    """

    __tablename__ = "visit_slot_changes"
    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(repr(one.value) for one in Change)})", name="kind"),
        Index("ix_visit_slot_changes_slots", "slot_ids", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    kind: Mapped[str] = mapped_column(String(10))
    slot_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str | None] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
