"""Visits that would lie within a hold (缓装), in which nobody comes."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection

from tracker.orders import wording
from tracker.orders.appointment_texts import Visit
from tracker.orders.hold_rules import falls_in
from tracker.problems import Fault, Refusal
from tracker.promises.holds import Hold
from tracker.promises.ledger import holds_in
from tracker.promises.queries import read_ledgers


def holds_of(connection: Connection, order_id: int) -> Collection[Hold]:
    """Every hold of an order, as long as it has really lasted or is meant to."""
    return holds_in(read_ledgers(connection, [order_id])[order_id].entries).values()


def hold_over(holds: Collection[Hold], visit: Visit, now: datetime) -> Hold | None:
    """The hold within which a visit to come would fall, the one that ends last; None where there is none."""
    over = [hold for hold in holds if falls_in(visit, hold.starts_at, hold.ends_at, now)]
    return max(over, key=lambda hold: hold.ends_at, default=None)


def require_no_hold(
    connection: Connection, order_id: int, visit: Visit, now: datetime, pointer: str = ""
) -> None:
    """Raises Refusal appointment.held where a visit to come would fall within a hold of its order."""
    hold = hold_over(holds_of(connection, order_id), visit, now)
    if hold is None:
        return
    last = hold.ends_at - timedelta(microseconds=1)
    days = {"day": wording.day(last, "zh"), "day_en": wording.day(last, "en")}
    raise Refusal(Fault("appointment.held", pointer, days))
