"""What another calendar would make of the promises that are open; nothing is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, true

from tracker import clock
from tracker.orders.models import Order
from tracker.orders.rules import CLOSED, Stage
from tracker.promises.calendars import Calendars
from tracker.promises.ledger import replay
from tracker.promises.models import Promise, PromiseEntry
from tracker.promises.queries import Ledger, read_ledgers
from tracker.promises.standing import current, latest_entry
from tracker.reference import Reference

# So many are counted anew while somebody waits for the preview; of more it says that there are more.
MOST_LOOKED_AT = 2000
_EXAMPLES = 5
_SETTLED = [stage.value for stage in CLOSED | {Stage.ACTIVATED}]
_LATEST = latest_entry(Order.id, PromiseEntry.deadline, PromiseEntry.provisional)


@dataclass(frozen=True)
class Moved:
    """An open order whose deadline would be another one; `before` is the one that stands."""

    number: str
    before: datetime
    after: datetime


@dataclass(frozen=True)
class Effect:
    """How many open promises were counted anew, how many come out otherwise, and the first of these.

    `more`: there are others that were not looked at.
    """

    looked_at: int
    moved: int
    later: int
    examples: Sequence[Moved]
    more: bool


def effect_of_day(
    connection: Connection,
    reference: Reference,
    changed: Calendars,
    day: date,
    operator_id: int,
    county_code: str | None,
) -> Effect:
    """Promises of the operator that run over the day: what they would be if they were given now.

    They stay as they were given (I3); whoever wants a customer to have a later date places a hold.
    """
    begins = datetime.combine(day, time(0), clock.CITY_ZONE)
    wanted = _open().where(
        Order.operator_id == operator_id,
        Order.accepted_at < begins + timedelta(days=1),
        current(_LATEST, "deadline") >= begins,
    )
    if county_code is not None:
        wanted = wanted.where(Order.community_code.startswith(county_code, autoescape=True))
    return _effect(connection, reference, changed, connection.execute(wanted).all(), reference.calendars)


def effect_of_year(
    connection: Connection, reference: Reference, changed: Calendars, operator_id: int | None
) -> Effect:
    """Provisional promises that an announcement would have counted anew: of an operator, or all for None."""
    wanted = _open().where(current(_LATEST, "provisional"))
    if operator_id is not None:
        wanted = wanted.where(Order.operator_id == operator_id)
    return _effect(connection, reference, changed, connection.execute(wanted).all(), None)


def _open() -> Any:
    return (
        select(Order.id, Order.number, Order.operator_id, Order.community_code)
        .join(Promise, Promise.order_id == Order.id)
        .outerjoin(_LATEST, true())
        .where(Order.closed_at.is_(None), Order.stage.not_in(_SETTLED))
        .order_by(current(_LATEST, "deadline"), Order.id)
        .limit(MOST_LOOKED_AT + 1)
    )


def _effect(
    connection: Connection,
    reference: Reference,
    changed: Calendars,
    orders: Sequence[Row[Any]],
    present: Calendars | None,
) -> Effect:
    """`present`: the calendars of now. A promise that they alone would make another of, since a day was
    changed after it was given, is not moved by the change that is looked at.
    """
    looked_at = orders[:MOST_LOOKED_AT]
    ledgers = read_ledgers(connection, [order.id for order in looked_at])
    moved = []
    for order in looked_at:
        ledger = ledgers[order.id]
        place = (order.operator_id, reference.places[order.community_code].county_code)
        stands, after = ledger.current.deadline, _counted(ledger, changed, place)
        if after != stands and (present is None or after != _counted(ledger, present, place)):
            moved.append(Moved(order.number, stands, after))
    return Effect(
        len(looked_at),
        len(moved),
        sum(one.after > one.before for one in moved),
        moved[:_EXAMPLES],
        len(orders) > MOST_LOOKED_AT,
    )


def _counted(ledger: Ledger, calendars: Calendars, place: tuple[int, str]) -> datetime:
    return replay(ledger.first, ledger.entries, calendars.of(*place)).at
