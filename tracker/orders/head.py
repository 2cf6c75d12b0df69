"""An order in short, as every page about it begins: its number, how it stands, what may be done with it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, true

from tracker.orders.models import Order
from tracker.orders.queries import connected_at
from tracker.promises.ledger import holds_in
from tracker.promises.models import Promise, PromiseEntry
from tracker.promises.queries import read_ledgers
from tracker.promises.standing import current, latest_entry

_LATEST = latest_entry(Order.id, PromiseEntry.deadline, PromiseEntry.provisional)
_HEAD = (
    select(
        Order.id,
        Order.number,
        Order.stage,
        Order.version,
        Order.language,
        Order.notify_by,
        Order.resource,
        Order.installer_id,
        Order.appointment_starts_at,
        Order.closed_at,
        current(_LATEST, "deadline"),
        current(_LATEST, "provisional"),
    )
    .join(Promise, Promise.order_id == Order.id)
    .outerjoin(_LATEST, true())
)


@dataclass(frozen=True)
class Head:
    """Nothing of it is personal. `held_until`, `hold`: the hold that runs now, by its ledger number."""

    id: int
    number: str
    stage: str
    version: int
    language: str
    notify_by: str
    resource: str
    installer_id: int | None
    appointment_starts_at: datetime | None
    closed_at: datetime | None
    deadline: datetime
    provisional: bool
    connected_at: datetime | None
    held_until: datetime | None
    hold: int | None


def head_of(connection: Connection, operator_id: int, number: str, now: datetime) -> Head | None:
    """One order of an operator; None for another's."""
    row = connection.execute(
        _HEAD.where(Order.operator_id == operator_id, Order.number == number)
    ).one_or_none()
    if row is None:
        return None
    holds = holds_in(read_ledgers(connection, [row.id])[row.id].entries)
    running = {number: one for number, one in holds.items() if one.starts_at <= now < one.ends_at}
    held = max(running, key=lambda number: running[number].ends_at, default=None)
    return Head(
        **row._mapping,
        connected_at=connected_at(connection, row.id),
        held_until=None if held is None else running[held].ends_at,
        hold=held,
    )
