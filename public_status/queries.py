"""Reads of the customers' site about one order: its standing.

Only columns granted to the site's database role appear here; none of them names a person.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, ScalarSelect, Select, bindparam, func, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.exc import DBAPIError

from public_status.delays import Contact, Line
from public_status.rules import Happening
from tracker.crypto import ERASED
from tracker.db import Database
from tracker.orders.fee_sums import Charged, Paid
from tracker.orders.models import MOVE_KINDS, Charge, Order, OrderEvent, Payment
from tracker.orders.rules import Stage
from tracker.prepared import PreparedRead
from tracker.promises.ledger import Kind
from tracker.promises.models import Promise, PromiseEntry
from tracker.promises.standing import current, latest_entry
from tracker.staff.models import Operator

Found = TypeVar("Found")


@dataclass(frozen=True)
class Standing:
    """One order as the holder of its number and four characters may see it."""

    number: str
    operator_id: int
    stage: Stage
    lookup_digest: bytes
    credit_lookup_digest: bytes | None
    price: dict[str, Any]
    first_deadline: datetime
    deadline: datetime
    provisional: bool
    explanation: dict[str, str]
    operator_name: str
    operator_name_en: str
    hotline: str
    happenings: tuple[Happening, ...]
    charges: tuple[Charged, ...]
    payments: tuple[Paid, ...]
    entries: tuple[Line, ...]


def read(db: Database, question: Callable[[Connection], Found]) -> Found:
    """Ask once, and once more if the pooled connection turns out to have died since its last use."""
    try:
        with db.reading() as connection:
            return question(connection)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    with db.reading() as connection:
        return question(connection)


def standing_by_digest(connection: Connection, number: str, digest: bytes) -> Standing | None:
    """The order with this number, if the number and the phone's or the credit code's last four
    characters give this digest: one round trip.
    """
    return _standing(connection, _BY_DIGEST, number=number, digest=digest)


def standing_by_number(connection: Connection, number: str) -> Standing | None:
    """The order with this number; for callers who have proved their right to it before."""
    return _standing(connection, _BY_NUMBER, number=number)


def _standing(connection: Connection, read: PreparedRead, **given: Any) -> Standing | None:
    row = read.one_or_none(connection, **given)
    if row is None:
        return None
    return Standing(
        number=row.number,
        operator_id=row.operator_id,
        stage=Stage(row.stage),
        lookup_digest=bytes(row.lookup_digest),
        credit_lookup_digest=row.credit_lookup_digest and bytes(row.credit_lookup_digest),
        price=row.price,
        first_deadline=row.first_deadline,
        deadline=row.deadline,
        provisional=row.provisional,
        explanation=row.explanation,
        operator_name=row.name,
        operator_name_en=row.name_en,
        hotline=row.hotline,
        happenings=tuple(
            Happening(Stage(one["stage"]), datetime.fromisoformat(one["at"]), one["reason"])
            for one in row.happenings or ()
        ),
        charges=tuple(_charged(one) for one in row.charges or ()),
        payments=tuple(Paid(one["fee"], one["fen"]) for one in row.payments or ()),
        entries=tuple(_entry(one) for one in row.entries or ()),
    )


def _charged(one: dict[str, Any]) -> Charged:
    due_on = one["due_on"] and date.fromisoformat(one["due_on"])
    return Charged(one["fee"], one["fen"], due_on, one["reason"])


def _entry(one: dict[str, Any]) -> Line:
    """A line of the ledger as far as it says when the clock stands still, and why."""
    starts_at, ends_at = (one[name] and datetime.fromisoformat(one[name]) for name in ("from", "until"))
    return Line(
        number=one["number"],
        kind=Kind(one["kind"]),
        recorded_at=datetime.fromisoformat(one["at"]),
        starts_at=starts_at,
        ends_at=ends_at,
        lifts=one["lifts"],
        reason_code=one["reason"],
        contact=one["contact"] and Contact(one["contact"]["name"], one["contact"]["extension"]),
    )


_LATEST = latest_entry(Order.id, PromiseEntry.deadline, PromiseEntry.provisional, PromiseEntry.explanation)


def _standing_select() -> Select[Any]:
    event = func.json_build_object(
        "stage", OrderEvent.stage, "at", OrderEvent.occurred_at, "reason", OrderEvent.reason_code
    )
    happenings = select(func.json_agg(aggregate_order_by(event, OrderEvent.order_version))).where(
        OrderEvent.order_id == Order.id, OrderEvent.kind.in_(MOVE_KINDS)
    )
    entry = func.json_build_object(
        "number", PromiseEntry.number, "kind", PromiseEntry.kind, "at", PromiseEntry.recorded_at,
        "from", PromiseEntry.starts_at, "until", PromiseEntry.ends_at, "lifts", PromiseEntry.lifts,
        "reason", PromiseEntry.reason_code, "contact", PromiseEntry.contact,
    )  # fmt: skip
    entries = select(func.json_agg(aggregate_order_by(entry, PromiseEntry.number))).where(
        PromiseEntry.order_id == Order.id
    )
    charge = func.json_build_object(
        "fee", Charge.fee, "fen", Charge.amount_fen, "due_on", Charge.due_on, "reason", Charge.reason
    )
    charges = select(func.json_agg(aggregate_order_by(charge, Charge.id))).where(Charge.order_id == Order.id)
    payment = func.json_build_object("fee", Payment.fee, "fen", Payment.amount_fen)
    payments = select(func.json_agg(aggregate_order_by(payment, Payment.id))).where(
        Payment.order_id == Order.id
    )
    return (
        select(
            Order.number,
            Order.operator_id,
            Order.stage,
            Order.lookup_digest,
            Order.credit_lookup_digest,
            Order.price,
            Promise.deadline.label("first_deadline"),
            current(_LATEST, "deadline"),
            current(_LATEST, "provisional"),
            current(_LATEST, "explanation"),
            Operator.name,
            Operator.name_en,
            Operator.hotline,
            happenings.correlate(Order).scalar_subquery().label("happenings"),
            charges.correlate(Order).scalar_subquery().label("charges"),
            payments.correlate(Order).scalar_subquery().label("payments"),
            entries.correlate(Order).scalar_subquery().label("entries"),
        )
        .join(Promise, Promise.order_id == Order.id)
        .outerjoin(_LATEST, true())
        .join(Operator, Operator.id == Order.operator_id)
    )


def _nearest() -> ScalarSelect[Any]:
    """The order with the number, or else the next one.

    Whether there is an order of the number or not, one is read and its digests are compared: finding none
    would take a microsecond less. Both digests are of a number too, so that the next order's never fit.
    """
    near = Order.__table__.alias("near")
    return (
        select(near.c.id)
        .where(near.c.number >= bindparam("number"))
        .order_by(near.c.number)
        .limit(1)
        .scalar_subquery()
    )


# Without its digest an order was anonymised, and is nobody's to look up any more.
_BY_NUMBER = PreparedRead(
    _standing_select().where(Order.number == bindparam("number"), Order.lookup_digest != ERASED)
)
_BY_DIGEST = PreparedRead(
    _standing_select().where(
        Order.id == _nearest(),
        or_(Order.lookup_digest == bindparam("digest"), Order.credit_lookup_digest == bindparam("digest")),
    )
)
