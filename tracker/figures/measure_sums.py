"""What is measured in any stretch of days, put together from tallies by one statement, which sees one state.

Tallies of whole months and days; where days have no tallies of lengths (`tracker.figures.tallies`), those of
their month with the days that are too many taken away, or the facts of the days, whichever is less to read.
What no tallies tell, a hand within a place or within another hand, is counted from the facts. Visits whose
time is not over are taken away from their day. And of orders whose histories were not read yet, what they add
now less what they added before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from tracker import clock
from tracker.figures.cells import BY_ITSELF, DAY, MONTH, Signed, named, value_of
from tracker.figures.facts import facts_of
from tracker.figures.keep_cells import unread_orders
from tracker.figures.measure_rules import LENGTHS, Tally, What
from tracker.figures.measured_orders import happened, touched
from tracker.figures.models import FigureFact, FigureHandTally, FigureReading, FigureTally
from tracker.figures.on_time import BY_TIME, Asked, key_of, months_and_days, narrowed, sums_of
from tracker.figures.periods import Stretch
from tracker.figures.tallies import (
    TALLIED,
    city_day,
    first_visit,
    length,
    quarters_of,
    things_of,
)

_A_DAY = timedelta(days=1)
_facts = FigureFact.__table__


@dataclass(frozen=True)
class _Source:
    """Tallies that answer a question: their table, what `sums_of` says, and what is wanted of them."""

    table: FromClause
    apart: str
    wanted: Sequence[ColumnElement[bool]]

    @property
    def has_lengths_of_days(self) -> bool:
        """Whether days have tallies of lengths here."""
        return self.apart in BY_ITSELF


def tally_up(connection: Connection, asked: Asked, now: datetime) -> dict[Any, list[Tally]]:
    """What orders add, by value of the split, as `measured_orders.tally_plainly` says."""
    found: dict[Any, list[Tally]] = {}
    for key, what, *told in connection.execute(_statement(asked, now)):
        found.setdefault(key, []).append(Tally(What(what), *told))
    return found


def _statement(asked: Asked, now: datetime) -> Select[Any]:
    source = _source(asked)
    told = _one_by_one(asked, now) if source is None else _by_tallies(source, asked, now)
    every = union_all(*told, _unread(asked, now)).subquery("every")
    sums = [cast(func.sum(every.c[name]), BigInteger).label(name) for name in TALLIED]
    values = (
        select(every.c.key, every.c.what, every.c.value, *sums)
        .group_by(every.c.key, every.c.what, every.c.value)
        .subquery("values")
    )
    return _ranked(values)


def _by_tallies(source: _Source, asked: Asked, now: datetime) -> list[Select[Any]]:
    today = clock.local_date(now)
    parts = [
        _from_tallies(source, asked, (What.COMPLETED, What.RETURNED, What.VISIT), _in_days(source, asked)),
        *_lengths(source, asked, today),
    ]
    if asked.split not in BY_TIME:
        parts.append(_from_tallies(source, asked, (What.OPEN,), source.table.c.grain == MONTH))
    if asked.days.last_on >= today:
        parts.append(_visits_to_come(asked, now))
    return parts


def _one_by_one(asked: Asked, now: datetime) -> list[Select[Any]]:
    """From the facts of the orders that add something of a kind, kind by kind."""
    parts = []
    for what in What:
        if what is What.OPEN and asked.split in BY_TIME:
            continue
        some = select(_facts).where(*touched(_facts, what, asked.days), *narrowed(_facts, asked))
        things = things_of(Signed(some.subquery("some"), 1), whats=(what,))
        parts.append(_of_things(things, asked).where(happened(things, asked, now)))
    return parts


def _ranked(values: FromClause) -> Select[Any]:
    """A row a key and thing, causes of returns apart, with nearest ranks of the values."""
    same = [values.c.key, values.c.what]
    total = func.sum(values.c.count).over(partition_by=same).label("total")
    up_to = func.sum(values.c.count).over(partition_by=same, order_by=values.c.value).label("up_to")
    ranked = select(*values.c, total, up_to).subquery("ranked")
    cause = case((ranked.c.what == What.RETURNED, ranked.c.value), else_=0)

    def rank(of_ten: int) -> ColumnElement[int]:
        reached = ranked.c.up_to * 10 >= ranked.c.total * of_ten
        return func.coalesce(func.min(ranked.c.value).filter(reached, ranked.c.count > 0), 0)

    counted, good, seconds = (cast(func.sum(ranked.c[name]), BigInteger) for name in TALLIED)
    return (
        select(ranked.c.key, ranked.c.what, cause, counted, good, seconds, rank(5), rank(9))
        .group_by(ranked.c.key, ranked.c.what, cause)
        .having(counted > 0)
    )


def _source(asked: Asked) -> _Source | None:
    """None where no tallies tell it, as `sums_of` says."""
    apart = sums_of(asked)
    if apart is None:
        return None
    if not apart:
        table: FromClause = FigureTally.__table__
        return _Source(table, "", [table.c[name] == value for name, value in asked.only.items()])
    table = FigureHandTally.__table__
    wanted = [
        table.c.operator_id == value if name == "operator_id" else named(table, name, value)
        for name, value in asked.only.items()
    ]
    return _Source(table, apart, [table.c.hand == apart, *wanted])


def _in_days(source: _Source, asked: Asked) -> ColumnElement[bool]:
    """The tallies that all the days are made of: whole months, and the days before and after them."""
    by_day = asked.split in ("day", "week")
    months, loose = ([], [asked.days]) if by_day else months_and_days(asked.days)
    columns = source.table.c
    return or_(
        _in_months(source, months),
        *(and_(columns.grain == DAY, columns.starts_on.between(one.first_on, one.last_on)) for one in loose),
    )


def _in_months(source: _Source, months: Sequence[date]) -> ColumnElement[bool]:
    if not months:
        return literal(False)
    columns = source.table.c
    return and_(columns.grain == MONTH, columns.starts_on.between(months[0], months[-1]))


def _from_tallies(
    source: _Source, asked: Asked, things: Sequence[What], when: ColumnElement[bool]
) -> Select[Any]:
    table = source.table
    by_value = source.apart == asked.split != ""
    key = value_of(table, source.apart) if by_value else key_of(table, asked, table.c.starts_on)
    return (
        select(
            key.label("key"),
            table.c.what,
            table.c.value,
            *(cast(func.sum(table.c[name]), BigInteger).label(name) for name in TALLIED),
        )
        .where(table.c.what.in_(things), when, *source.wanted)
        .group_by(key, table.c.what, table.c.value)
    )


def _lengths(source: _Source, asked: Asked, today: date) -> list[Select[Any]]:
    if source.has_lengths_of_days:
        return [_from_tallies(source, asked, LENGTHS, _in_days(source, asked))]
    months, more, less = pieces(asked.days, today)
    if asked.split in ("day", "week"):
        months, more, less = [], [asked.days], []
    parts = [_from_tallies(source, asked, LENGTHS, _in_months(source, months))] if months else []
    for sign, stretches in ((1, more), (-1, less)):
        parts += [_from_facts(asked, what, one, sign) for one in stretches for what in LENGTHS]
    return parts


def pieces(days: Stretch, today: date) -> tuple[Sequence[date], Sequence[Stretch], Sequence[Stretch]]:
    """The first days of months that together with some days, and without others, are the stretch.

    Of each month that it has a part of, the fewer days are told until today: those in it or those outside.
    """
    first, last = days.first_on.replace(day=1), days.last_on.replace(day=1)
    before, after = Stretch(first, days.first_on - _A_DAY), Stretch(days.last_on + _A_DAY, _end_of(last))
    if first == last:
        if _told(before, today) + _told(after, today) < _told(days, today):
            return [first], [], _some(before, after)
        return [], [days], []
    more, less = [], []
    head, tail = Stretch(days.first_on, _end_of(first)), Stretch(last, days.last_on)
    if _told(before, today) < _told(head, today):
        less.append(before)
    else:
        more.append(head)
        first = _end_of(first) + _A_DAY
    if _told(after, today) < _told(tail, today):
        less.append(after)
    else:
        more.append(tail)
        last = (last - _A_DAY).replace(day=1)
    return months_and_days(Stretch(first, _end_of(last)))[0] if first <= last else [], more, _some(*less)


def _some(*stretches: Stretch) -> list[Stretch]:
    return [one for one in stretches if one.first_on <= one.last_on]


def _told(days: Stretch, today: date) -> int:
    return max(0, (min(days.last_on, today) - days.first_on).days + 1)


def _end_of(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1) - _A_DAY


def _from_facts(asked: Asked, what: What, days: Stretch, sign: int) -> Select[Any]:
    """Lengths of what happened on these days."""
    at, seconds = length(_facts, what)
    key = key_of(_facts, asked, city_day(at))
    good = first_visit(_facts) if what is What.CONNECTED else literal(0)
    value = quarters_of(seconds)
    return (
        select(
            key.label("key"),
            literal(what).label("what"),
            value.label("value"),
            (func.count() * sign).label("count"),
            (func.sum(good) * sign).label("good"),
            cast(func.sum(seconds) * sign, BigInteger).label("seconds"),
        )
        .where(*touched(_facts, what, days), *narrowed(_facts, asked))
        .group_by(key, value)
    )


def _visits_to_come(asked: Asked, now: datetime) -> Select[Any]:
    """Visits of these days whose time is not over, to be taken away."""
    some = select(_facts).where(_facts.c.visits_until > now).subquery("some")
    things = things_of(Signed(some, -1), whats=(What.VISIT,))
    return _of_things(things, asked).where(
        things.c.at > now,
        things.c.on_day.between(asked.days.first_on, asked.days.last_on),
        *narrowed(things, asked),
    )


def _unread(asked: Asked, now: datetime) -> Select[Any]:
    read_to = select(FigureReading.read_to).scalar_subquery()
    unread = unread_orders(read_to).cte("unread")
    # Each is read once for all that it adds.
    fresh = facts_of(unread).cte("fresh")
    known = select(_facts).join(unread, unread.c.order_id == _facts.c.order_id).cte("known")
    things = things_of(Signed(fresh, 1), Signed(known, -1))
    wanted = _of_things(things, asked).where(happened(things, asked, now))
    return wanted.where(things.c.what != What.OPEN) if asked.split in BY_TIME else wanted


def _of_things(things: FromClause, asked: Asked) -> Select[Any]:
    key = key_of(things, asked, things.c.on_day)
    return select(
        key.label("key"),
        things.c.what,
        cast(things.c.value, Integer),
        *(cast(func.sum(things.c[name]), BigInteger).label(name) for name in TALLIED),
    ).group_by(key, things.c.what, things.c.value)
