"""Record payments and charges: many in one transaction, each with the order's event and new version."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    Integer,
    Row,
    String,
    Table,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from tracker.orders.actor import Actor
from tracker.orders.append_events import append_events, event_row
from tracker.orders.fee_queries import totals_of
from tracker.orders.fee_rules import Account, Kind, Said, faults_of
from tracker.orders.fee_sums import Totals
from tracker.orders.models import Charge, Order, Payment
from tracker.orders.standing import ENDED_EARLY
from tracker.problems import Fault, Refusal

# An order by its number, or by its channel's id and that channel's own reference.
OrderKey = str | tuple[int, str]


@dataclass(frozen=True)
class Entry:
    """A payment or charge to be recorded, its request loaded by the schema of its kind.

    `if_version`: the version of the order that the caller saw, None where any will do.
    """

    kind: Kind
    order: OrderKey
    request: Mapping[str, Any]
    if_version: int | None = None


@dataclass(frozen=True)
class Recorded:
    """An entry that is stored, and the order's version with it. `repeated`: it was stored before."""

    number: str
    version: int
    repeated: bool = False


Outcome = Recorded | Refusal


def record_entries(
    connection: Connection, actor: Actor, entries: Sequence[Entry], now: datetime, *, trial: bool = False
) -> list[Outcome]:
    """Record entries in an open transaction, in their order; each succeeds or is refused by itself, and
    stands before the next one is judged.

    `trial`: the orders are neither locked nor changed, for a transaction that will be rolled back.
    A refusal names order.not_found, version.stale, payment.duplicate_reference or
    charge.duplicate_reference for a reference that the operator has used for something else, or every rule
    of `tracker.orders.fee_rules` that is broken.
    """
    if not entries:
        return []
    orders = _orders(connection, actor, {entry.order for entry in entries}, lock=not trial)
    rows = {order.id: order for order in orders.values()}.values()
    while True:
        desk = _Desk(actor, orders, totals_of(connection, rows), _known(connection, actor, entries), now)
        outcomes = [desk.take(entry) for entry in entries]
        stored = connection.begin_nested()
        if _insert(connection, desk):
            stored.commit()
            break
        # Somebody used one of the references for another order meanwhile; it is known the next time.
        stored.rollback()
    if not trial and desk.events:
        append_events(connection, desk.events)
        connection.execute(
            _RAISE_VERSIONS, {"ids": list(desk.raised), "versions": list(desk.raised.values())}
        )
    return outcomes


@dataclass(frozen=True)
class _Kind:
    """Where entries of a kind are stored: the table, the column of their time, and those that not all have;
    and the rule against another one under the same reference.
    """

    table: Table
    at: str
    columns: tuple[str, ...]
    duplicate: str


_KINDS = {
    Kind.PAYMENT: _Kind(
        Payment.metadata.tables["payments"],
        "paid_at",
        ("method", "receipt", "reason"),
        "payment.duplicate_reference",
    ),
    Kind.CHARGE: _Kind(
        Charge.metadata.tables["charges"], "charged_at", ("due_on", "reason"), "charge.duplicate_reference"
    ),
}

_COLUMNS = (Order.id, Order.operator_id, Order.channel_id, Order.number, Order.external_reference)
_ACCOUNTS = select(*_COLUMNS, Order.stage, Order.version, Order.accepted_at, Order.price).order_by(Order.id)
# Built once: putting a statement together costs more than PostgreSQL takes to run it.
_INSERTS = {
    kind: insert_or(store.table).on_conflict_do_nothing().returning(store.table.c.reference)
    for kind, store in _KINDS.items()
}
_FINDS = {
    kind: select(store.table).where(
        store.table.c.operator_id == bindparam("operator"),
        store.table.c.reference == func.any(bindparam("references", type_=ARRAY(String))),
    )
    for kind, store in _KINDS.items()
}
_raised = (
    func.unnest(bindparam("ids", type_=ARRAY(BigInteger)), bindparam("versions", type_=ARRAY(Integer)))
    .table_valued("id", "version", name="raised")
    .render_derived()
)
_RAISE_VERSIONS = update(Order).where(Order.id == _raised.c.id).values(version=_raised.c.version)


class _Desk:
    """Judges entries one after the other, and keeps what is to be stored of them."""

    def __init__(
        self,
        actor: Actor,
        orders: Mapping[OrderKey, Row[Any]],
        totals: Mapping[int, dict[str, Totals]],
        known: Mapping[tuple[Kind, str], Mapping[str, Any]],
        now: datetime,
    ) -> None:
        self._actor, self._orders, self._totals, self._now = actor, orders, totals, now
        self._known = dict(known)
        self.rows: dict[Kind, list[dict[str, Any]]] = {kind: [] for kind in Kind}
        self.events: list[dict[str, Any]] = []
        # The new version of each order that changes.
        self.raised: dict[int, int] = {}

    def take(self, entry: Entry) -> Outcome:
        """Judge one entry."""
        order = self._orders.get(entry.order)
        if order is None:
            return Refusal(Fault("order.not_found"))
        version = self.raised.get(order.id, order.version)
        known = self._known.get((entry.kind, entry.request["reference"]))
        if known is not None:
            if _is_same(known, entry, order.id):
                return Recorded(order.number, version, repeated=True)
            return Refusal(Fault(_KINDS[entry.kind].duplicate, "/reference"))
        if entry.if_version is not None and entry.if_version != version:
            return Refusal(Fault("version.stale"))
        said = _said(entry, self._now)
        account = Account(order.accepted_at, order.stage in ENDED_EARLY)
        totals = self._totals[order.id][said.fee]
        faults = faults_of(said, account, totals, self._now)
        if faults:
            return Refusal(*faults)
        if said.kind is Kind.PAYMENT:
            totals.pay(said.amount_fen)
        else:
            totals.charge(said.amount_fen)
        self._keep(entry, said, order, version + 1)
        return Recorded(order.number, version + 1)

    def _keep(self, entry: Entry, said: Said, order: Row[Any], version: int) -> None:
        store, request = _KINDS[entry.kind], entry.request
        row = {
            "operator_id": order.operator_id,
            "order_id": order.id,
            "fee": said.fee,
            "amount_fen": said.amount_fen,
            "reference": request["reference"],
            store.at: said.at,
            **{column: request.get(column) for column in store.columns},
            "actor": self._actor.label,
            "recorded_at": self._now,
        }
        self.rows[entry.kind].append(row)
        self._known[entry.kind, request["reference"]] = row
        self.raised[order.id] = version
        self.events.append(
            event_row(
                order,
                version,
                entry.kind,
                actor=self._actor.label,
                occurred_at=said.at,
                recorded_at=self._now,
                reason_text=said.reason,
                detail={name: row[name] for name in ("fee", "amount_fen", "reference")},
            )
        )


def _said(entry: Entry, now: datetime) -> Said:
    request = entry.request
    return Said(
        kind=entry.kind,
        fee=request["fee"],
        amount_fen=request["amount_fen"],
        at=request.get(_KINDS[entry.kind].at) or now,
        reason=request.get("reason"),
        due_on=request.get("due_on"),
    )


def _is_same(known: Mapping[str, Any], entry: Entry, order_id: int) -> bool:
    """Whether what is stored under the reference says what the entry does; a time need not be said again."""
    store, request = _KINDS[entry.kind], entry.request
    said = {column: request.get(column) for column in ("fee", "amount_fen", *store.columns)}
    if request.get(store.at) is not None:
        said[store.at] = request[store.at]
    return known["order_id"] == order_id and all(known[column] == value for column, value in said.items())


def _orders(
    connection: Connection, actor: Actor, keys: Collection[OrderKey], *, lock: bool
) -> dict[OrderKey, Row[Any]]:
    """The actor's orders among these, locked until the commit in the order of their ids, so that two batches
    wait for each other and never in a circle.
    """
    numbers = sorted(key for key in keys if isinstance(key, str))
    references: dict[int, list[str]] = {}
    for channel_id, reference in sorted(key for key in keys if not isinstance(key, str)):
        references.setdefault(channel_id, []).append(reference)
    named = [Order.number.in_(numbers)] if numbers else []
    named += [
        (Order.channel_id == channel_id) & Order.external_reference.in_(theirs)
        for channel_id, theirs in references.items()
    ]
    wanted = _ACCOUNTS.where(Order.operator_id == actor.operator_id, or_(*named))
    if actor.channel_id is not None:
        wanted = wanted.where(Order.channel_id == actor.channel_id)
    if lock:
        wanted = wanted.with_for_update()
    found: dict[OrderKey, Row[Any]] = {}
    for order in connection.execute(wanted):
        for key in (order.number, (order.channel_id, order.external_reference)):
            if key in keys:
                found[key] = order
    return found


def _known(
    connection: Connection, actor: Actor, entries: Sequence[Entry]
) -> dict[tuple[Kind, str], Mapping[str, Any]]:
    """What the operator has recorded under the references of these entries already."""
    found: dict[tuple[Kind, str], Mapping[str, Any]] = {}
    for kind in Kind:
        references = sorted({entry.request["reference"] for entry in entries if entry.kind is kind})
        if references:
            asked = {"operator": actor.operator_id, "references": references}
            for row in connection.execute(_FINDS[kind], asked):
                found[kind, row.reference] = row._mapping
    return found


def _insert(connection: Connection, desk: _Desk) -> bool:
    """Store the rows; whether every reference was still free."""
    for kind, rows in desk.rows.items():
        if rows and len(connection.execute(_INSERTS[kind], rows).all()) < len(rows):
            return False
    return True
