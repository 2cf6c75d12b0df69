"""Reads of ratings for an operator's staff. Nothing here opens a sealed column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from tracker.complaints.models import Rating
from tracker.complaints.rules import SCORES
from tracker.orders.models import Order

_ratings = Rating.__table__

# A mean is that of so many ratings at most, whatever their number grows to.
MOST_COUNTED = 1000
# [ours] Below this a mean says little (domain: the least sample of a public figure).
LEAST_SAMPLE = 30


@dataclass(frozen=True)
class Summary:
    """The latest ratings that stand: how many, their mean, and how many of each score."""

    count: int
    mean: float | None
    of_score: Mapping[int, int]


def summary(connection: Connection, operator_id: int) -> Summary:
    """Of an operator's latest MOST_COUNTED ratings."""
    latest = (
        select(_ratings.c.score)
        .where(_ratings.c.operator_id == operator_id, _ratings.c.retracted_at.is_(None))
        .order_by(_ratings.c.id.desc())
        .limit(MOST_COUNTED)
        .subquery()
    )
    counted = select(latest.c.score, func.count().label("times")).group_by(latest.c.score)
    found = {row.score: row.times for row in connection.execute(counted)}
    count = sum(found.values())
    total = sum(score * times for score, times in found.items())
    return Summary(count, total / count if count else None, {one: found.get(one, 0) for one in SCORES})


def rating_page(
    connection: Connection,
    operator_id: int,
    *,
    score: int | None,
    to_call_back: bool,
    before_id: int | None,
    limit: int,
) -> tuple[Sequence[Row[Any]], int | None]:
    """A page of an operator's ratings, the latest first, and the id to go on below, None at the end.

    `to_call_back`: only low ones whose customer nobody has called back yet.
    """
    wanted = (
        select(_ratings, Order.number.label("order_number"))
        .join(Order.__table__, Order.id == _ratings.c.order_id)
        .where(_ratings.c.operator_id == operator_id)
        .limit(limit + 1)
    )
    if to_call_back:
        wanted = wanted.where(
            _ratings.c.follow_up_on.isnot(None),
            _ratings.c.followed_up_at.is_(None),
            _ratings.c.retracted_at.is_(None),
        )
    if score is not None:
        wanted = wanted.where(_ratings.c.score == score)
    if before_id is not None:
        wanted = wanted.where(_ratings.c.id < before_id)
    rows = connection.execute(wanted.order_by(_ratings.c.id.desc())).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def to_call_back(connection: Connection, operator_id: int) -> int:
    """How many customers of low ratings nobody has called back yet."""
    return (
        connection.scalar(
            select(func.count()).where(
                _ratings.c.operator_id == operator_id,
                _ratings.c.follow_up_on.isnot(None),
                _ratings.c.followed_up_at.is_(None),
                _ratings.c.retracted_at.is_(None),
            )
        )
        or 0
    )


def rating_row(connection: Connection, operator_id: int, rating_id: int) -> Row[Any] | None:
    """One of an operator's ratings, with its sealed columns."""
    return connection.execute(
        select(_ratings, Order.number.label("order_number"))
        .join(Order.__table__, Order.id == _ratings.c.order_id)
        .where(_ratings.c.id == rating_id, _ratings.c.operator_id == operator_id)
    ).one_or_none()


def ratings_of_order(connection: Connection, order_id: int) -> Sequence[Row[Any]]:
    """Every rating of an order, the latest first; all but the first were taken back."""
    wanted = select(_ratings).where(_ratings.c.order_id == order_id).order_by(_ratings.c.id.desc())
    return connection.execute(wanted).all()
