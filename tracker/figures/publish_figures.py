"""Publish the on-time figures of periods that are over; what turns out otherwise later is a revision."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from tracker import clock
from tracker.db import Database
from tracker.figures.judged_orders import count_orders
from tracker.figures.models import PublishedFigure
from tracker.figures.rules import Counts, Period, PeriodKind, halves_told, months_told, period_of, total
from tracker.promises.models import Promise
from tracker.staff.models import Operator

Key = tuple[int, str, date]
_COUNTS = tuple(Counts.__dataclass_fields__)


def publish_figures(
    db: Database, began: Callable[[int], None] = lambda _months: None, done: Callable[[], None] = lambda: None
) -> int:
    """Count the periods that the public is told, and publish what is new or has come to stand otherwise.

    Safe to repeat, and to run twice at once. `began` is told how many months are counted, `done` is called
    after each. Returns how many rows are new.
    """
    now = clock.now()
    with db.reading() as connection:
        operators = list(connection.scalars(select(Operator.id).order_by(Operator.id)))
        first = connection.scalar(select(func.min(Promise.deadline)))
    periods = [] if first is None else _periods(first, now)
    months = sorted({month for period in periods for month in period.months}, key=lambda one: one.starts_on)
    began(len(months))
    counted: dict[Period, dict[int, Counts]] = {}
    for month in months:
        with db.reading() as connection:
            counted[month] = count_orders(connection, *month.bounds)
        done()
    with db.transaction() as connection:
        known = _latest(connection)
        rows = []
        for period in periods:
            for operator_id in operators:
                counts = total(counted[month].get(operator_id, Counts()) for month in period.months)
                revision, told = known.get((operator_id, period.kind, period.starts_on), (0, None))
                if counts != told:
                    rows.append(_row(operator_id, period, revision + 1, counts, now))
        if rows:
            # Whoever came first has published the same.
            connection.execute(insert(PublishedFigure).on_conflict_do_nothing(), rows)
    return len(rows)


def _periods(first: datetime, now: datetime) -> list[Period]:
    """What is told, from the period on that the first promise of all was due in."""
    # A day's 24:00 belongs to the day that ends.
    day = clock.local_date(first - timedelta(microseconds=1))
    return [
        *(one for one in months_told(now) if one.starts_on >= period_of(PeriodKind.MONTH, day).starts_on),
        *(one for one in halves_told(now) if one.starts_on >= period_of(PeriodKind.HALF, day).starts_on),
    ]


def _latest(connection: Connection) -> dict[Key, tuple[int, Counts]]:
    """The latest revision of each figure, and what it says."""
    rows = connection.execute(select(PublishedFigure.__table__).order_by(PublishedFigure.revision))
    return {
        (row.operator_id, row.kind, row.starts_on): (
            row.revision,
            Counts(*(getattr(row, name) for name in _COUNTS)),
        )
        for row in rows
    }


def _row(operator_id: int, period: Period, revision: int, counts: Counts, now: datetime) -> dict[str, object]:
    return {
        "operator_id": operator_id,
        "kind": period.kind,
        "starts_on": period.starts_on,
        "revision": revision,
        "published_at": now,
        **asdict(counts),
    }
