"""On-time figures: the database counts as a slow reader of the definitions would."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from tests.backdated_orders import JULY, Backdated
from tracker import clock
from tracker.embedded import Servers
from tracker.figures.judged_orders import count_orders
from tracker.figures.rules import Counts, Period, PeriodKind
from tracker.orders.place_orders import Placed

AFTER, UNTIL = JULY.bounds
TINY = timedelta(microseconds=1)
_MOMENTS = st.sampled_from(
    [
        AFTER - timedelta(days=40),
        AFTER,
        AFTER + TINY,
        AFTER + timedelta(days=10),
        AFTER + timedelta(days=10, hours=1),
        UNTIL - TINY,
        UNTIL,
        UNTIL + TINY,
        UNTIL + timedelta(days=40),
    ]
)
_REASONS = ("roadworks", "no_power", "weather")


@dataclass(frozen=True)
class Line:
    """A line of a ledger: what it does, why, and the deadline that it leaves."""

    kind: str
    reason: str
    deadline: datetime


@dataclass(frozen=True)
class Told:
    """All that became of an order."""

    operator: int
    deadline: datetime
    lines: tuple[Line, ...]
    connected_at: datetime | None
    withdrawn_at: datetime | None
    noted_at: datetime | None


_LINES = st.builds(
    Line,
    st.sampled_from(["hold", "resume", "repromise", "excuse", "announcement"]),
    st.sampled_from(_REASONS),
    _MOMENTS,
)
_ORDERS = st.builds(
    lambda operator, deadline, lines, ending, at, noted: Told(
        operator,
        deadline,
        tuple(lines),
        at if ending == "connected" else None,
        at if ending == "withdrawn" else None,
        noted,
    ),
    st.integers(0, 1),
    _MOMENTS,
    st.lists(_LINES, max_size=3),
    st.sampled_from(["connected", "connected", "withdrawn", "open"]),
    _MOMENTS,
    st.none() | _MOMENTS,
)


def read_slowly(orders: list[Told]) -> dict[int, Counts]:
    """The definitions, order by order."""
    found: dict[int, Counts] = {}
    for one in orders:
        now_due = one.lines[-1].deadline if one.lines else one.deadline
        excuses = [line.reason for line in one.lines if line.kind == "excuse"]
        gross = AFTER < one.deadline <= UNTIL
        net = AFTER < now_due <= UNTIL
        kept = one.connected_at is not None and one.connected_at <= now_due
        removed: Counter[str] = Counter()
        if net and one.withdrawn_at is not None and one.withdrawn_at <= now_due:
            removed["withdrawn"] += 1
        elif net and not kept and excuses:
            removed[excuses[-1]] += 1
        stays = net and not removed
        counts = Counts(
            due=int(gross),
            on_time=int(gross and one.connected_at is not None and one.connected_at <= one.deadline),
            net_due=int(stays),
            net_on_time=int(stays and kept),
            removed=dict(removed),
        )
        found[one.operator] = found.get(one.operator, Counts()) + counts
    return {operator: counts for operator, counts in found.items() if counts != Counts()}


@pytest.fixture
def engine(stores: Servers, clean: None) -> Iterator[Engine]:
    made = create_engine(stores.owner_url, poolclass=NullPool)
    yield made
    made.dispose()


def told(deadline: datetime, *lines: Line, connected: Any = None, withdrawn: Any = None) -> Told:
    return Told(0, deadline, lines, connected, withdrawn, None)


MIDDLE = AFTER + timedelta(days=10)
AT_THE_EDGES = [
    told(AFTER, connected=AFTER),
    told(UNTIL, connected=UNTIL),
    told(MIDDLE, connected=MIDDLE),
    told(MIDDLE, connected=MIDDLE + TINY),
    told(MIDDLE, withdrawn=MIDDLE),
    told(MIDDLE, withdrawn=MIDDLE + TINY),
    told(MIDDLE, Line("excuse", "roadworks", MIDDLE), withdrawn=MIDDLE + TINY),
    told(MIDDLE, Line("excuse", "roadworks", MIDDLE), connected=MIDDLE),
    told(MIDDLE, Line("excuse", "weather", MIDDLE), Line("excuse", "roadworks", MIDDLE)),
    told(MIDDLE, Line("hold", "weather", UNTIL + TINY), connected=UNTIL),
    told(UNTIL + TINY, Line("hold", "weather", UNTIL), connected=UNTIL),
]


@example(orders=AT_THE_EDGES)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(orders=st.lists(_ORDERS, max_size=7))
def test_the_database_counts_as_the_definitions_say(
    engine: Engine, pattern: Placed, orders: list[Told]
) -> None:
    with engine.connect() as connection, connection.begin() as attempt:
        operators = [
            row.id for row in connection.execute(text("SELECT id FROM operators ORDER BY id LIMIT 2"))
        ]
        for one in orders:
            write(connection, pattern, operators[one.operator], one)
        counted = count_orders(connection, AFTER, UNTIL)
        attempt.rollback()
    expected = {operators[operator]: counts for operator, counts in read_slowly(orders).items()}
    assert {operator: counts for operator, counts in counted.items() if counts != Counts()} == expected


@pytest.fixture
def pattern(place: Callable[..., Placed]) -> Placed:
    """An order whose columns the others take; its own promise lies elsewhere."""
    return place()


def write(connection: Connection, pattern: Placed, operator_id: int, told: Told) -> None:
    order = Backdated(connection, pattern.number, operator_id)
    order.promise(told.deadline)
    for line in told.lines:
        order.line(line.kind, line.deadline, line.reason)
    if told.noted_at is not None:
        # A line of money within a stage is no move to it.
        order.event("payment", "activated" if told.connected_at else "accepted", told.noted_at)
    if told.connected_at is not None:
        order.event("stage", "activated", told.connected_at)
    if told.withdrawn_at is not None:
        order.event("stage", "withdrawn", told.withdrawn_at)


def test_the_midnight_that_ends_a_month_belongs_to_it() -> None:
    first, last = (datetime(2026, month, 1, tzinfo=clock.CITY_ZONE) for month in (7, 8))
    assert JULY.bounds == (first, last)
    assert Period(PeriodKind.HALF, date(2026, 7, 1)).ends_on == date(2026, 12, 31)
