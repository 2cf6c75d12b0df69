"""What is measured besides the on-time rate (`measure_rules.Measures`), exact as of the moment of asking."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    DateTime,
    FromClause,
    Select,
    and_,
    exists,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from tracker import clock
from tracker.figures.facts import facts_of
from tracker.figures.keep_cells import unread_orders
from tracker.figures.measure_rules import OF_VISITS, Measures, Tally, What, Which, measures_of
from tracker.figures.measure_sums import tally_up
from tracker.figures.measured_orders import tally_plainly, touched
from tracker.figures.models import FigureFact, FigureReading
from tracker.figures.on_time import BY_TIME, Asked, narrowed
from tracker.figures.tallies import each_visit

_facts = FigureFact.__table__


def measures(connection: Connection, asked: Asked, now: datetime) -> dict[Any, Measures]:
    """The figures by value of the split ("" without one), as of `now`; values without any are not there.

    What is open now is told whatever the days are, and not at all where figures are split by time. What no
    sum tells is counted order by order, as `Asked` says; raises ValueError for columns that figures do not
    know.
    """
    return _told(tally_up(connection, asked, now), asked, now)


def measures_plainly(connection: Connection, asked: Asked, now: datetime) -> dict[Any, Measures]:
    """The same from every order's history: slow, and right by what it reads."""
    return _told(tally_plainly(connection, asked, now), asked, now)


def behind_measured(which: Which, asked: Asked, now: datetime) -> Select[Any]:
    """What is behind a figure: `order_id`, each once; of visits a row each, with its `number` within the
    order, when its time `ends_at` and whether it was `kept`.

    `SECOND_VISIT` are those that were connected, and not by one visit; `ENDED` were connected or returned.
    The split does not matter, and all can be narrowed by all that figures are split by.
    """
    read_to = select(FigureReading.read_to).scalar_subquery()
    unread = unread_orders(read_to).cte("unread")
    fresh = facts_of(unread).subquery("fresh")
    read = ~exists().where(unread.c.order_id == _facts.c.order_id)
    known = _behind(which, _facts, asked, now).where(read)
    return select(union_all(known, _behind(which, fresh, asked, now)).subquery("behind"))


def _behind(which: Which, facts: FromClause, asked: Asked, now: datetime) -> Select[Any]:
    if which not in OF_VISITS:
        nothing = (
            literal(0).label("number"),
            null().cast(DateTime(timezone=True)).label("ends_at"),
            null().cast(Boolean).label("kept"),
        )
        return select(facts.c.order_id, *nothing).where(
            *_happened(which, facts, asked), *narrowed(facts, asked)
        )
    visits = each_visit(facts)
    begins, ends = asked.days.bounds
    # The midnight that a day ends with belongs to it.
    within = and_(visits.c.ends_at > begins, visits.c.ends_at <= ends, visits.c.ends_at <= now)
    return (
        select(facts.c.order_id, visits.c.number, visits.c.ends_at, visits.c.kept)
        .select_from(facts)
        .join(visits, true())
        .where(
            *touched(facts, What.VISIT, asked.days),
            within,
            ~visits.c.kept if which is Which.VISITS_MISSED else true(),
            *narrowed(facts, asked),
        )
    )


def _happened(which: Which, facts: FromClause, asked: Asked) -> Sequence[ColumnElement[bool]]:
    if which is Which.ENDED:
        ended = (touched(facts, what, asked.days) for what in (What.CONNECTED, What.RETURNED))
        return [or_(*(and_(*one) for one in ended))]
    if which is Which.SECOND_VISIT:
        return [*touched(facts, What.CONNECTED, asked.days), facts.c.on_sites != 1]
    return touched(facts, What(which.value), asked.days)


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
