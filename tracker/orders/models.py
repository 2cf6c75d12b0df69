"""Tables of orders, their events, charges and payments."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.db import Base
from tracker.orders.fee_rules import METHODS
from tracker.orders.rules import Stage
from tracker.promises.ledger import Kind
from tracker.staff.models import Account
from tracker.teams.models import Team


class Order(Base):
    """One installation order (报装工单) from any channel.

    Personal columns are sealed; `phone_digest` and `lookup_digest` are keyed digests of the
    phone and of number-and-last-four-digits, so that neither search nor lookup decrypts. A company's order
    may have its `credit_code` (统一社会信用代码), and the digest of number and last four characters of it.
    `team_id` and `installer_id` are whose it is to install, where the operator's own staff do it;
    `installer_title` and `installer_staff_number` are whom the customer is told of.
    `needs_assistance`: the customer is old or disabled, and whoever comes takes more time (适老化).
    `price` is the plan as it was sold. `version` grows by one with every change (invariant I7).
    `external_reference` is the channel's own number; `content_digest` tells a repeat of the same
    order from another order under the same reference. `written_in`: see `tracker.orders.positions`.
    `anonymised_at`: since then the personal columns and digests are erased (`tracker.retention`).
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("channel_id", "external_reference"),
        CheckConstraint(f"stage IN ({', '.join(repr(s.value) for s in Stage)})", name="stage"),
        CheckConstraint("customer_kind IN ('home','enterprise')", name="customer_kind"),
        CheckConstraint("notify_by IN ('text','call')", name="notify_by"),
        CheckConstraint(
            "anonymised_at IS NULL OR (customer_name = '' AND contact_phone = '' AND address_detail = ''"
            " AND phone_digest = '' AND lookup_digest = '' AND content_digest = '' AND credit_code IS NULL"
            " AND credit_lookup_digest IS NULL)",
            name="anonymised",
        ),
        Index(None, "operator_id", "id"),
        Index(None, "phone_digest"),
        Index(None, "channel_id", "written_in", "id"),
        Index(None, "channel_id", "stage", "written_in", "id"),
        # Of the desk's list: what is open, and what there is in a place.
        Index("ix_orders_open", "operator_id", "id", postgresql_where=text("closed_at IS NULL")),
        Index("ix_orders_of_place", "operator_id", "community_code", "id"),
        # What is rare among very many is found by an index of its own.
        Index(
            "ix_orders_of_enterprises",
            "operator_id",
            "id",
            postgresql_where=text("customer_kind = 'enterprise'"),
        ),
        Index(
            "ix_orders_ended_early",
            "operator_id",
            "stage",
            "id",
            postgresql_where=text("stage IN ('withdrawn', 'returned')"),
        ),
        Index(
            "ix_orders_work_of_place",
            "operator_id",
            "community_code",
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_orders_to_anonymise",
            "closed_at",
            "id",
            postgresql_where=text("closed_at IS NOT NULL AND anonymised_at IS NULL"),
        ),
        Index(
            "ix_orders_work_of_team",
            "team_id",
            "appointment_starts_at",
            postgresql_where=text("closed_at IS NULL AND team_id IS NOT NULL"),
        ),
        Index(
            "ix_orders_work_of_installer",
            "installer_id",
            "appointment_starts_at",
            postgresql_where=text("closed_at IS NULL AND installer_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    number: Mapped[str] = mapped_column(String(20))
    external_reference: Mapped[str] = mapped_column(String(64))
    content_digest: Mapped[bytes] = mapped_column(LargeBinary)
    customer_kind: Mapped[str] = mapped_column(String(12))
    product: Mapped[str] = mapped_column(String(30))
    resource: Mapped[str] = mapped_column(String(20))
    community_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    dealer: Mapped[str | None] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(5))
    notify_by: Mapped[str] = mapped_column(String(5), server_default=text("'text'"))
    needs_assistance: Mapped[bool] = mapped_column(server_default=text("false"))
    customer_name: Mapped[bytes] = mapped_column(LargeBinary)
    contact_phone: Mapped[bytes] = mapped_column(LargeBinary)
    address_detail: Mapped[bytes] = mapped_column(LargeBinary)
    phone_digest: Mapped[bytes] = mapped_column(LargeBinary)
    lookup_digest: Mapped[bytes] = mapped_column(LargeBinary)
    credit_code: Mapped[bytes | None] = mapped_column(LargeBinary)
    credit_lookup_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    price: Mapped[dict[str, Any]] = mapped_column(JSONB)
    stage: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(Integer)
    accepted_at: Mapped[datetime]
    team_id: Mapped[int | None] = mapped_column(ForeignKey(Team.id))
    installer_id: Mapped[int | None] = mapped_column(ForeignKey(Account.id))
    appointment_starts_at: Mapped[datetime | None]
    appointment_ends_at: Mapped[datetime | None]
    installer_title: Mapped[str | None] = mapped_column(String(20))
    installer_staff_number: Mapped[str | None] = mapped_column(String(20))
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    written_in: Mapped[int] = mapped_column(BigInteger, server_default=text("feed_position()"))
    anonymised_at: Mapped[datetime | None]


# Kinds of events that brought an order to a stage; others, like a hold, happen within one.
MOVE_KINDS = ("accepted", "stage")
# Kinds of events that brought money into the account of an order.
MONEY_KINDS = ("payment", "charge")
# Another visit was agreed, at the stage that the order has.
APPOINTMENT_KIND = "appointment"
# Name, phone, address or how the customer is told was corrected; the event names fields, never values.
CONTACT_KIND = "contact"
# A real-name check was recorded.
REAL_NAME_KIND = "real_name"
# Others are to install it (改派), at the stage that the order has.
ASSIGNED_KIND = "assigned"
# All kinds: a move, a line of the promise ledger, money, another visit, another contact, a check, other
# installers.
EVENT_KINDS = (
    *MOVE_KINDS,
    *(kind.value for kind in Kind),
    *MONEY_KINDS,
    APPOINTMENT_KIND,
    CONTACT_KIND,
    REAL_NAME_KIND,
    ASSIGNED_KIND,
)


class OrderEvent(Base):
    """One change of an order: append-only, with actor, time and reason (invariant I7).

    `occurred_at` is when it happened, `recorded_at` when it was written down. `actor` is
    "channel:<code>", "staff:<username>", "customer:<id of the request>" or "system". `channel_id` is the
    order's, and `written_in` the place in the feed (`tracker.orders.positions`).
    """

    __tablename__ = "order_events"
    __table_args__ = (
        UniqueConstraint("order_id", "order_version"),
        Index(None, "channel_id", "written_in", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    order_version: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(30))
    stage: Mapped[str] = mapped_column(String(20))
    reason_code: Mapped[str | None] = mapped_column(String(40))
    reason_text: Mapped[str | None] = mapped_column(String(200))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    actor: Mapped[str] = mapped_column(String(80))
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    channel_id: Mapped[int] = mapped_column(Integer)
    written_in: Mapped[int] = mapped_column(BigInteger, server_default=text("feed_position()"))


class OrderAssignment(Base):
    """Orders that somebody assigned in one go (派单、改派), which can be undone in one go.

    Without a team they were taken from those who had them. `refused` tells of each order that could not be
    assigned its number, the rule and its figures. Which were is told by their events, whose `detail` names
    the assignment.
    """

    __tablename__ = "order_assignments"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey(Team.id))
    installer_id: Mapped[int | None] = mapped_column(ForeignKey(Account.id))
    reason: Mapped[str | None] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    order_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    refused: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    undone_at: Mapped[datetime | None]


class Payment(Base):
    """Money received for an order, or given back (negative), in fen (分): append-only.

    `receipt` is the number of the receipt or invoice that the customer was given.
    """

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("operator_id", "reference"),
        CheckConstraint("amount_fen <> 0", name="amount"),
        CheckConstraint(f"method IN ({', '.join(repr(one) for one in METHODS)})", name="method"),
        Index(None, "order_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    fee: Mapped[str] = mapped_column(String(20))
    amount_fen: Mapped[int] = mapped_column(Integer)
    reference: Mapped[str] = mapped_column(String(64))
    method: Mapped[str | None] = mapped_column(String(10))
    receipt: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(100))
    paid_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime]


class Charge(Base):
    """What is due for an order beside its plan's fees, or waived (negative), in fen (分): append-only.

    `reason` is read by the customer.
    """

    __tablename__ = "charges"
    __table_args__ = (
        UniqueConstraint("operator_id", "reference"),
        CheckConstraint("amount_fen <> 0", name="amount"),
        CheckConstraint("due_on IS NULL OR amount_fen > 0", name="due_on"),
        CheckConstraint("reason IS NOT NULL OR (amount_fen > 0 AND fee <> 'other')", name="reason"),
        Index(None, "order_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    fee: Mapped[str] = mapped_column(String(20))
    amount_fen: Mapped[int] = mapped_column(Integer)
    reference: Mapped[str] = mapped_column(String(64))
    due_on: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(String(100))
    charged_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime]
