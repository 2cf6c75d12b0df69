"""On-time figures of any stretch of days, exact as of the moment they are asked for.

Sums of whole days, by months where they can be; of today the orders themselves, for promises fall due by the
passing of time alone; and of orders whose histories were not read yet, what they add now less what they added
before. All by one statement, which sees one state of everything. What no sum tells, a hand within a place or
within another hand, is counted order by order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    FromClause,
    Select,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from tracker import clock
from tracker.figures.cells import (
    ALL,
    APART,
    COUNTS,
    DAY,
    HANDS,
    MONTH,
    PLACES,
    Signed,
    additions,
    hand_name,
    named,
    value_of,
)
from tracker.figures.facts import facts_of, within
from tracker.figures.keep_cells import unread_orders
from tracker.figures.models import FigureCell, FigureFact, FigureHand, FigureReading
from tracker.figures.periods import Stretch as Stretch
from tracker.figures.rules import Counts

Split = Literal[
    "",
    "day",
    "week",
    "month",
    "operator_id",
    "county",
    "rural",
    "channel_id",
    "customer_kind",
    "dealer",
    "team",
    "installer",
]

BY_TIME = ("day", "week", "month")

_facts = FigureFact.__table__
_cells = FigureCell.__table__
_hands = FigureHand.__table__


@dataclass(frozen=True)
class Asked:
    """Which orders are counted: of these days, where each column has the value that is `only` wanted.

    A week is called by its Monday, a month by its first day. Whose hand an order is in (dealer, team,
    installer) is told by the name in `FigureHand`, and summed by itself: narrowed to a place or to another
    hand besides, or split by it, orders are counted one by one, in time that grows with the days.
    """

    days: Stretch
    split: Split = ""
    only: Mapping[str, Any] = field(default_factory=dict)


def on_time_figures(connection: Connection, asked: Asked, now: datetime) -> dict[Any, Counts]:
    """The counts by value of the split ("" without one), as of `now`; values without an order are not there.

    Of today those promises count that were due by now; of later days none does. Raises ValueError for
    columns that figures do not know.
    """
    rows = connection.execute(_statement(asked, now))
    found: dict[Any, Counts] = {}
    for row in rows:
        counts = Counts.of(row.removed, row.due, row.on_time, row.net_due, row.net_on_time)
        if counts != Counts():
            found[row.key] = found.get(row.key, Counts()) + counts
    return found


def _statement(asked: Asked, now: datetime) -> Select[Any]:
    apart, today = sums_of(asked), clock.local_date(now)
    parts = [_unread(asked, now)]
    if apart is None:
        parts.append(_from_facts(asked, asked.days, now))
    else:
        whole = Stretch(asked.days.first_on, min(asked.days.last_on, today - timedelta(days=1)))
        if whole.first_on <= whole.last_on:
            parts.append(_from_sums(asked, apart, whole))
        if asked.days.first_on <= today <= asked.days.last_on:
            parts.append(_from_facts(asked, Stretch(today, today), now))
    every = union_all(*parts).subquery("every")
    sums = [cast(func.sum(every.c[name]), BigInteger).label(name) for name in COUNTS]
    return select(every.c.key, every.c.removed, *sums).group_by(every.c.key, every.c.removed)


def sums_of(asked: Asked) -> str | None:
    """By what sums tell what is asked: by one thing `APART`, or "" by several places at once; None where none
    do, for it is of a hand within a place or within another hand. Raises ValueError for columns that figures
    do not know.
    """
    if unknown := asked.only.keys() - {*PLACES, *HANDS}:
        raise ValueError(f"figures cannot be narrowed by {', '.join(sorted(unknown))}")
    things = {name for name in (asked.split, *asked.only) if name in APART}
    if len(things) > 1:
        return None if things & set(HANDS) else ""
    return things.pop() if things else ALL


def _from_sums(asked: Asked, apart: str, days: Stretch) -> Select[Any]:
    table: FromClause = _hands if apart else _cells
    by_day = asked.split in ("day", "week")
    conditions = [_in_grains(table, days, by_day=by_day), *_only_sums(table, asked, apart)]
    by_value = apart == asked.split != ""
    key = value_of(table, apart) if by_value else key_of(table, asked, table.c.starts_on)
    sums = [func.sum(table.c[name]).label(name) for name in COUNTS]
    told = select(key.label("key"), table.c.removed, *sums)
    return told.where(*conditions).group_by(key, table.c.removed)


def _only_sums(table: FromClause, asked: Asked, apart: str) -> Iterable[ColumnElement[bool]]:
    if apart:
        yield table.c.hand == apart
    for name, value in asked.only.items():
        yield named(table, name, value) if name == apart else table.c[name] == value


def key_of(facts: FromClause, asked: Asked, day: ColumnElement[Any]) -> ColumnElement[Any]:
    """The value that figures are split by, of what counts on a day."""
    split: str = asked.split
    if split == "":
        return literal("")
    if split == "day":
        return day
    if split in BY_TIME:
        return cast(func.date_trunc(split, day), Date)
    return hand_name(facts, split) if split in HANDS else facts.c[split]


def _in_grains(table: FromClause, days: Stretch, *, by_day: bool) -> ColumnElement[bool]:
    """The cells that these days are made of: whole months, and the days before and after them."""
    months, loose = ([], [days]) if by_day else months_and_days(days)
    wanted = [
        and_(table.c.grain == DAY, table.c.starts_on.between(one.first_on, one.last_on)) for one in loose
    ]
    if months:
        wanted.append(and_(table.c.grain == MONTH, table.c.starts_on.between(months[0], months[-1])))
    return or_(*wanted)


def months_and_days(days: Stretch) -> tuple[Sequence[date], Sequence[Stretch]]:
    """The first days of the whole months in a stretch, and the stretches of days that are left."""
    first = days.first_on if days.first_on.day == 1 else _next_month(days.first_on)
    after = (days.last_on + timedelta(days=1)).replace(day=1)
    if after <= first:
        return [], [days]
    months = [first]
    while (following := _next_month(months[-1])) < after:
        months.append(following)
    before_them = Stretch(days.first_on, first - timedelta(days=1))
    after_them = Stretch(after, days.last_on)
    return months, [one for one in (before_them, after_them) if one.first_on <= one.last_on]


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def narrowed(facts: FromClause, asked: Asked) -> list[ColumnElement[bool]]:
    """The conditions by which facts of orders are narrowed."""
    return [
        (hand_name(facts, name) if name in HANDS else facts.c[name]) == value
        for name, value in asked.only.items()
    ]


def _from_facts(asked: Asked, days: Stretch, now: datetime) -> Select[Any]:
    """What was due on these days, by now."""
    begins, ends = days.bounds
    due = [within(_facts.c[name], begins, min(ends, now)) for name in ("first_deadline", "deadline")]
    facts = select(_facts).where(or_(*due), *narrowed(_facts, asked)).cte("one_by_one")
    return _summed(asked, additions(Signed(facts, 1)), days, now)


def _unread(asked: Asked, now: datetime) -> Select[Any]:
    """What the orders that were not read yet add, less what they added when they were read last."""
    read_to = select(FigureReading.read_to).scalar_subquery()
    unread = unread_orders(read_to).cte("unread")
    # Each is read once for both of its promises.
    fresh = facts_of(unread, visits=False).cte("fresh")
    known = select(_facts).join(unread, unread.c.order_id == _facts.c.order_id).cte("known")
    return _summed(asked, additions(Signed(fresh, 1), Signed(known, -1)), asked.days, now)


def _summed(asked: Asked, added: FromClause, days: Stretch, now: datetime) -> Select[Any]:
    key = key_of(added, asked, added.c.due_on).label("key")
    sums = [func.sum(added.c[name]).label(name) for name in COUNTS]
    return (
        select(key, added.c.removed, *sums)
        .where(
            added.c.due_on.between(days.first_on, days.last_on),
            added.c.due_at <= now,
            *narrowed(added, asked),
        )
        .group_by(key, added.c.removed)
    )
