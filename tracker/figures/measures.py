"""What is measured besides the on-time rate (`measure_rules.Measures`), exact as of the moment of asking."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from tracker import clock
from tracker.figures.measure_rules import Measures, What, Which, measures_of
from tracker.figures.measured_orders import additions_of, happened, measured, tally_plainly
from tracker.figures.on_time import Asked
from tracker.orders.models import Order

_BY_TIME = ("day", "week", "month")
_THINGS = {
    Which.CONNECTED: (What.CONNECTED,),
    Which.SECOND_VISIT: (What.CONNECTED,),
    Which.RESPONDED: (What.RESPONDED,),
    Which.COMPLETED: (What.COMPLETED,),
    Which.RETURNED: (What.RETURNED,),
    Which.VISITS_DUE: (What.VISIT_KEPT, What.VISIT_MISSED),
    Which.VISITS_MISSED: (What.VISIT_MISSED,),
    Which.OPEN: (What.OPEN,),
}


def measures(connection: Connection, asked: Asked, now: datetime) -> dict[Any, Measures]:
    """The figures by value of the split ("" without one), as of `now`; values without any are not there.

    What is open now is told whatever the days are, and not at all where figures are split by time.
    """
    by_time = asked.split in _BY_TIME
    days = _days(asked, now)
    found = {}
    for key, tallies in tally_plainly(connection, asked, now).items():
        told = [one for one in tallies if not (by_time and one.what is What.OPEN)]
        if told:
            found[key] = measures_of(told, days, by_time=by_time)
    return found


def _days(asked: Asked, now: datetime) -> int:
    """How many of the days have begun."""
    last_on = min(asked.days.last_on, clock.local_date(now))
    return max(0, (last_on - asked.days.first_on).days + 1)


def orders_measured(which: Which, asked: Asked, now: datetime) -> Select[tuple[int]]:
    """The orders behind a figure: `order_id`, each once, so that one with two missed visits is there once.

    `SECOND_VISIT` are those that were connected, and not by the first visit. The split does not matter.
    """
    every = select(Order.id.label("order_id")).subquery("every")
    added = additions_of(measured(every).subquery("measured"))
    conditions: list[ColumnElement[bool]] = [added.c.what.in_(_THINGS[which]), happened(added, asked, now)]
    if which is Which.SECOND_VISIT:
        conditions.append(added.c.on_sites != 1)
    return select(added.c.order_id).where(*conditions).distinct()
