"""On-time figures of any stretch of days, exact as of the moment they are asked for.

Sums of whole days, by months where they can be; of today the orders themselves, for promises fall due by the
passing of time alone; and of orders whose histories were not read yet, what they add now less what they added
before. All by one statement, which sees one state of everything.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
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
from tracker.figures.facts import facts_of
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

_facts = FigureFact.__table__
_cells = FigureCell.__table__
_hands = FigureHand.__table__


@dataclass(frozen=True)
class Asked:
    """Which orders are counted: of these days, where each column has the value that is `only` wanted.

    A week is called by its Monday, a month by its first day. Whose hand an order is in (dealer, team,
    installer) is summed by itself, so figures by one, or narrowed to one by its name in `FigureHand`, can be
    narrowed to an operator besides, and by nothing else.
    """

    days: Stretch
    split: Split = ""
    only: Mapping[str, Any] = field(default_factory=dict)


def on_time_figures(connection: Connection, asked: Asked, now: datetime) -> dict[Any, Counts]:
    """The counts by value of the split ("" without one), as of `now`; values without an order are not there.

    Of today those promises count that were due by now; of later days none does. Raises ValueError for what
    cannot be asked together.
    """
    rows = connection.execute(_statement(asked, now))
    found: dict[Any, Counts] = {}
    for row in rows:
        counts = Counts.of(row.removed, row.due, row.on_time, row.net_due, row.net_on_time)
        if counts != Counts():
            found[row.key] = found.get(row.key, Counts()) + counts
    return found


def _statement(asked: Asked, now: datetime) -> Select[Any]:
    hand_of(asked)
    today = clock.local_date(now)
    parts = [_unread(asked, now)]
    whole = Stretch(asked.days.first_on, min(asked.days.last_on, today - timedelta(days=1)))
    if whole.first_on <= whole.last_on:
        parts.append(_from_sums(asked, whole))
    if asked.days.first_on <= today <= asked.days.last_on:
        parts.append(_from_facts(asked, today, now))
    every = union_all(*parts).subquery("every")
    sums = [cast(func.sum(every.c[name]), BigInteger).label(name) for name in COUNTS]
    return select(every.c.key, every.c.removed, *sums).group_by(every.c.key, every.c.removed)


def hand_of(asked: Asked) -> str:
    """Whose hand the figures are asked by, "" by nobody's. Raises ValueError for what sums do not tell."""
    hands = {name for name in (asked.split, *asked.only) if name in HANDS}
    others = {name for name in (asked.split, *asked.only) if name in PLACES} - {"operator_id"}
    if unknown := asked.only.keys() - {*PLACES, *HANDS}:
        raise ValueError(f"figures cannot be narrowed by {', '.join(sorted(unknown))}")
    if len(hands) > 1 or (hands and others):
        raise ValueError(f"figures cannot be asked by {', '.join(sorted(hands | others))} at once")
    return hands.pop() if hands else ""


def _from_sums(asked: Asked, days: Stretch) -> Select[Any]:
    hand = _apart(asked)
    table: FromClause = _cells if hand is None else _hands
    by_day = asked.split in ("day", "week")
    conditions = [_in_grains(table, days, by_day=by_day), *_only_sums(table, asked, hand)]
    if hand == asked.split:
        key = value_of(table, hand).label("key")
    else:
        key = _key(table, asked.split, table.c.starts_on)
    sums = [func.sum(table.c[name]).label(name) for name in COUNTS]
    return select(key, table.c.removed, *sums).where(*conditions).group_by(key, table.c.removed)


def _apart(asked: Asked) -> str | None:
    """The one thing that the figures are asked by, `ALL` by none; None by more, which only cells tell."""
    things = {name for name in (asked.split, *asked.only) if name in APART}
    if len(things) > 1:
        return None
    return things.pop() if things else ALL


def _only_sums(table: FromClause, asked: Asked, hand: str | None) -> Iterable[ColumnElement[bool]]:
    if hand is not None:
        yield table.c.hand == hand
    for name, value in asked.only.items():
        yield named(table, name, value) if name == hand else table.c[name] == value


def _key(table: FromClause, split: Split, day: ColumnElement[Any]) -> ColumnElement[Any]:
    """The value that counts are split by."""
    if split == "":
        return literal("").label("key")
    if split == "day":
        return day.label("key")
    if split in ("week", "month"):
        return cast(func.date_trunc(split, day), Date).label("key")
    if split in HANDS:
        return hand_name(table, split).label("key")
    return table.c[split].label("key")


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


def only_facts(facts: FromClause, asked: Asked) -> Iterable[ColumnElement[bool]]:
    """The conditions by which facts of orders are narrowed."""
    for name, value in asked.only.items():
        yield (hand_name(facts, name) if name in HANDS else facts.c[name]) == value


def _from_facts(asked: Asked, today: date, now: datetime) -> Select[Any]:
    """What was due today, by now."""
    midnight = datetime.combine(today, time(0), clock.CITY_ZONE)
    due = [and_(_facts.c[name] > midnight, _facts.c[name] <= now) for name in ("first_deadline", "deadline")]
    facts = select(_facts).where(or_(*due), *only_facts(_facts, asked)).subquery("of_today")
    return _summed(asked, additions(Signed(facts, 1)), Stretch(today, today), now)


def _unread(asked: Asked, now: datetime) -> Select[Any]:
    """What the orders that were not read yet add, less what they added when they were read last."""
    read_to = select(FigureReading.read_to).scalar_subquery()
    unread = unread_orders(read_to).cte("unread")
    # Each is read once for both of its promises.
    fresh = facts_of(unread, visits=False).cte("fresh")
    known = select(_facts).join(unread, unread.c.order_id == _facts.c.order_id).cte("known")
    return _summed(asked, additions(Signed(fresh, 1), Signed(known, -1)), asked.days, now)


def _summed(asked: Asked, added: FromClause, days: Stretch, now: datetime) -> Select[Any]:
    key = _key(added, asked.split, added.c.due_on)
    sums = [func.sum(added.c[name]).label(name) for name in COUNTS]
    return (
        select(key, added.c.removed, *sums)
        .where(
            added.c.due_on.between(days.first_on, days.last_on),
            added.c.due_at <= now,
            *only_facts(added, asked),
        )
        .group_by(key, added.c.removed)
    )
