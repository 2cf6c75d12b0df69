"""Mark compensation as paid, one or many at once, and take such a mark back."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from tracker import clock
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.compensation.models import CompensationEntry
from tracker.compensation.queries import latest_of, lines_of
from tracker.compensation.rules import Kind, State, state_of
from tracker.compensation.telling import tell_paid
from tracker.orders.actor import Actor
from tracker.orders.models import Order
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

_entries = CompensationEntry.__table__
# What a line says of what an order comes to, which a payment does not change.
_STANDING = ("operator_id", "order_id", "connected_at", "days", "fee_fen", "amount_fen", "working")
_PAID_ON = "/paid_on"


def pay_compensation(
    runtime: Runtime, actor: Actor, seen: Mapping[int, int], payment: Mapping[str, Any]
) -> int:
    """Mark orders as paid in full, by a payment as PaymentSchema loads one; all of them, or none.

    `seen`: the orders by their id, each with the number of its latest line that the actor saw. Returns what
    was paid in fen. The customers are told. Raises Refusal: compensation.nothing_chosen,
    compensation.not_found, and every one of compensation.changed, compensation.nothing_owed,
    compensation.paid_in_future and compensation.paid_too_early.
    """
    if not seen:
        raise Refusal(Fault("compensation.nothing_chosen"))
    now = clock.now()
    with runtime.db.transaction() as connection:
        orders = _lock(connection, actor, sorted(seen))
        known = latest_of(connection, [one.id for one in orders])
        if set(known) != set(seen):
            raise Refusal(Fault("compensation.not_found"))
        faults = [
            fault
            for order in orders
            for fault in _faults(order, known[order.id], seen[order.id], payment["paid_on"])
        ]
        if faults:
            raise Refusal(*_once(faults))
        paid = 0
        for order in orders:
            before = known[order.id]
            line = _next(before) | {
                "kind": Kind.PAID,
                "paid_fen": before.amount_fen,
                "method": payment["method"],
                "reference": payment["reference"],
                "paid_on": payment["paid_on"],
                "actor": actor.label,
                "recorded_at": now,
            }
            connection.execute(insert(_entries).values(**line))
            told_fen = before.amount_fen - before.paid_fen
            paid += told_fen
            tell_paid(connection, runtime, order, line | {"told_fen": told_fen}, now)
            _note(connection, actor, order, "compensation paid")
    return paid


def undo_payment(runtime: Runtime, actor: Actor, order_id: int, if_number: int, reason: str) -> None:
    """Take the latest mark of a payment back, by a further line; what was paid before it stands again.

    `if_number`: the latest line that the actor saw. Raises Refusal: compensation.not_found,
    compensation.changed, compensation.not_paid.
    """
    with runtime.db.transaction() as connection:
        orders = _lock(connection, actor, [order_id])
        lines = lines_of(connection, actor.operator_id, order_id)
        if not orders or not lines:
            raise Refusal(Fault("compensation.not_found"))
        latest = lines[-1]
        if latest.number != if_number:
            raise Refusal(Fault("compensation.changed", "", {"number": orders[0].number}))
        before = paid_before_last(lines)
        if before is None:
            raise Refusal(Fault("compensation.not_paid"))
        line = _next(latest) | {
            "kind": Kind.UNDONE,
            "paid_fen": before,
            "reason": reason,
            "actor": actor.label,
            "recorded_at": clock.now(),
        }
        connection.execute(insert(_entries).values(**line))
        _note(connection, actor, orders[0], "compensation payment undone")


def paid_before_last(lines: Sequence[Any]) -> int | None:
    """What had been paid before the latest payment that stands; None where none does."""
    standing: list[int] = []
    paid_fen = 0
    for line in lines:
        if line.kind == Kind.PAID:
            standing.append(paid_fen)
        elif line.kind == Kind.UNDONE:
            standing.pop()
        paid_fen = line.paid_fen
    return standing[-1] if standing else None


def _once(faults: Sequence[Fault]) -> list[Fault]:
    """Each fault once: one day is too early for many orders alike."""
    found: dict[tuple[str, str, str], Fault] = {}
    for fault in faults:
        found.setdefault((fault.rule, fault.pointer, str(fault.params)), fault)
    return list(found.values())


def _faults(order: Row[Any], known: Row[Any], seen: int, paid_on: date) -> list[Fault]:
    if known.number != seen:
        return [Fault("compensation.changed", "", {"number": order.number})]
    faults = []
    if state_of(known.amount_fen, known.paid_fen) is not State.OWED:
        faults.append(Fault("compensation.nothing_owed", "", {"number": order.number}))
    if paid_on > clock.today():
        faults.append(Fault("compensation.paid_in_future", _PAID_ON))
    elif paid_on < clock.local_date(known.connected_at):
        faults.append(Fault("compensation.paid_too_early", _PAID_ON))
    return faults


def _lock(connection: Connection, actor: Actor, order_ids: Sequence[int]) -> Sequence[Row[Any]]:
    """The operator's own of these orders, by which everybody who writes to their ledgers waits."""
    return connection.execute(
        select(Order.__table__)
        .where(Order.id.in_(order_ids), Order.operator_id == actor.operator_id)
        .order_by(Order.id)
        .with_for_update()
    ).all()


def _next(before: Row[Any]) -> dict[str, Any]:
    return {name: getattr(before, name) for name in _STANDING} | {"number": before.number + 1}


def _note(connection: Connection, actor: Actor, order: Row[Any], why: str) -> None:
    append(
        connection,
        Action.CHANGED,
        operator_id=actor.operator_id,
        actor=actor.label,
        subject=f"order:{order.id}",
        fields=("compensation",),
        why=why,
    )
