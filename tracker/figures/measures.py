"""What is measured besides the on-time rate (`measure_rules.Measures`), exact as of the moment of asking."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, exists, select, true, union_all

from tracker import clock
from tracker.figures.facts import facts_of
from tracker.figures.keep_cells import unread_orders
from tracker.figures.measure_rules import Measures, Tally, What, Which, measures_of
from tracker.figures.measure_sums import BY_TIME, midnight, tally_up
from tracker.figures.measured_orders import narrowed, tally_plainly
from tracker.figures.models import FigureFact, FigureReading
from tracker.figures.on_time import Asked, Stretch
from tracker.figures.tallies import each_visit

_facts = FigureFact.__table__
_MOMENTS = {
    Which.CONNECTED: "connected_at",
    Which.SECOND_VISIT: "connected_at",
    Which.RESPONDED: "responded_at",
    Which.COMPLETED: "completed_at",
    Which.RETURNED: "returned_at",
}


def measures(connection: Connection, asked: Asked, now: datetime) -> dict[Any, Measures]:
    """The figures by value of the split ("" without one), as of `now`; values without any are not there.

    What is open now is told whatever the days are, and not at all where figures are split by time. Hands can
    be narrowed by themselves and by the operator; raises ValueError for what cannot be told apart.
    """
    return _told(tally_up(connection, asked, now), asked, now)


def measures_plainly(connection: Connection, asked: Asked, now: datetime) -> dict[Any, Measures]:
    """The same from every order's history: slow, and right by what it reads."""
    return _told(tally_plainly(connection, asked, now), asked, now)


def orders_measured(which: Which, asked: Asked, now: datetime) -> Select[tuple[int]]:
    """The orders behind a figure: `order_id`, each once, so that one with two missed visits is there once.

    `SECOND_VISIT` are those that were connected, and not by one visit. The split does not matter, and orders
    can be narrowed by all that figures are split by.
    """
    read_to = select(FigureReading.read_to).scalar_subquery()
    unread = unread_orders(read_to).cte("unread")
    fresh = facts_of(unread).subquery("fresh")
    read = ~exists().where(unread.c.order_id == _facts.c.order_id)
    behind = union_all(
        *(
            select(facts.c.order_id).where(
                *_behind(which, facts, asked.days, now), *narrowed(facts, asked), more
            )
            for facts, more in ((_facts, read), (fresh, true()))
        )
    ).subquery("behind")
    return select(behind.c.order_id)


def _behind(which: Which, facts: FromClause, days: Stretch, now: datetime) -> Iterable[ColumnElement[bool]]:
    since, until = midnight(days.first_on), midnight(days.last_on + timedelta(days=1))
    if which is Which.OPEN:
        yield from (facts.c[name].is_(None) for name in ("connected_at", "withdrawn_at", "returned_at"))
    elif which in (Which.VISITS_DUE, Which.VISITS_MISSED):
        visits = each_visit(facts)
        missed = [~visits.c.kept] if which is Which.VISITS_MISSED else []
        # The midnight that a day ends with belongs to it.
        ends_at = visits.c.ends_at
        within = and_(ends_at > since, ends_at <= until, ends_at <= now, *missed)
        yield facts.c.visits_until > since
        yield exists(select(1).select_from(visits).where(within).correlate(facts))
    else:
        at = facts.c[_MOMENTS[which]]
        yield and_(at >= since, at < until)
        if which is Which.SECOND_VISIT:
            yield facts.c.on_sites != 1


def _told(tallies: dict[Any, list[Tally]], asked: Asked, now: datetime) -> dict[Any, Measures]:
    by_time = asked.split in BY_TIME
    # Days that have begun.
    last_on = min(asked.days.last_on, clock.local_date(now))
    days = max(0, (last_on - asked.days.first_on).days + 1)
    found = {}
    for key, of_key in tallies.items():
        told = [one for one in of_key if not (by_time and one.what is What.OPEN)]
        if told:
            found[key] = measures_of(told, days, by_time=by_time)
    return found
