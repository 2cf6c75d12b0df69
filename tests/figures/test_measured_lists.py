"""The lists behind what is measured: each as long as its figure, returns by the cause of their reason."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Row, create_engine, text
from sqlalchemy.pool import NullPool

from tests.backdated_orders import Backdated
from tracker import clock
from tracker.embedded import Servers
from tracker.figures.keep_cells import keep_cells
from tracker.figures.measure_rules import Measures, Which
from tracker.figures.measured_lists import Place, count_measured, measured_orders
from tracker.figures.measures import measures
from tracker.figures.on_time import Asked, Stretch
from tracker.orders.place_orders import Placed
from tracker.orders.rules import Cause
from tracker.runtime import Runtime

NOW = datetime(2026, 8, 13, 15, 30, tzinfo=clock.CITY_ZONE)
DAYS = Stretch((NOW - timedelta(days=9)).date(), NOW.date())
# Two of a cause, one of another, one for a reason that nobody knows any more, one without.
REASONS = ("line_missing", "estate_unfinished", "no_longer_wanted", "forgotten", None)


@pytest.fixture
def owner(stores: Servers, clean: None) -> Iterator[Engine]:
    made = create_engine(stores.owner_url, poolclass=NullPool)
    yield made
    made.dispose()


@pytest.fixture
def orders(owner: Engine, place: Callable[..., Placed]) -> list[int]:
    """Returned ones, one a day, and two connected ones of which one took a second visit."""
    pattern, made = place().number, []
    with owner.begin() as connection:
        for number, reason in enumerate(REASONS):
            order = Backdated(connection, pattern, 1)
            order.promise(NOW)
            order.event("accepted", "accepted", NOW - timedelta(days=9))
            order.event("stage", "returned", NOW - timedelta(days=number))
            connection.execute(
                text(
                    "UPDATE order_events SET reason_code = :why WHERE order_id = :id AND stage = 'returned'"
                ),
                {"why": reason, "id": order.id},
            )
            made.append(order.id)
        for visits in (1, 2):
            order = Backdated(connection, pattern, 1)
            order.promise(NOW)
            order.event("accepted", "accepted", NOW - timedelta(days=9))
            for visit in range(visits):
                order.event("stage", "on_site", NOW - timedelta(hours=9 - visit))
            order.event("stage", "activated", NOW - timedelta(hours=1))
            made.append(order.id)
    return made


def whole_list(connection: Connection, which: Which, asked: Asked, cause: Cause | None = None) -> list[int]:
    return [row.order_id for row in whole_rows(connection, which, asked, cause)]


def whole_rows(
    connection: Connection, which: Which, asked: Asked, cause: Cause | None = None
) -> list[Row[Any]]:
    found: list[Row[Any]] = []
    behind: Place | None = None
    while True:
        rows, behind = measured_orders(connection, which, asked, NOW, cause=cause, behind=behind, limit=2)
        found += rows
        if behind is None:
            return found


def test_each_list_is_as_long_as_its_figure(runtime: Runtime, orders: list[int]) -> None:
    asked = Asked(DAYS, only={"operator_id": 1})
    for read in (False, True):
        if read:
            keep_cells(runtime.db)
        with runtime.db.reading() as connection:
            told = measures(connection, asked, NOW).get("", Measures())
            assert told.returned == {Cause.CONSTRUCTION: 2, Cause.CUSTOMER: 1, Cause.OTHER: 2}
            for cause, count in told.returned.items():
                assert len(whole_list(connection, Which.RETURNED, asked, cause)) == count
                assert count_measured(connection, Which.RETURNED, asked, NOW, cause) == count
            assert whole_list(connection, Which.RETURNED, asked) == sorted(orders[:5], reverse=True)
            assert whole_list(connection, Which.RETURNED, asked, Cause.CONSTRUCTION) == [orders[1], orders[0]]
            assert whole_list(connection, Which.RETURNED, asked, Cause.NETWORK) == []
            assert whole_list(connection, Which.CONNECTED, asked) == [orders[6], orders[5]]
            assert whole_list(connection, Which.SECOND_VISIT, asked) == [orders[6]]
            assert whole_list(connection, Which.ENDED, asked) == sorted(orders, reverse=True)
            assert count_measured(connection, Which.ENDED, asked, NOW) == told.ended
            open_now = whole_list(connection, Which.OPEN, asked)
            assert len(open_now) == told.open_now == 1, "the pattern itself"
            other = Asked(DAYS, only={"operator_id": 2})
            assert whole_list(connection, Which.RETURNED, other) == []


def test_each_visit_is_listed(runtime: Runtime, owner: Engine, place: Callable[..., Placed]) -> None:
    """Also two of an order that end at the same moment."""
    pattern, hour = place().number, timedelta(hours=1)
    begins = NOW - 30 * hour
    with owner.begin() as connection:
        order = Backdated(connection, pattern, 1)
        order.promise(NOW)
        order.event("accepted", "accepted", begins - 5 * hour)
        for agreed, starts, came in ((-1, 0, 1), (1, 0, 3), (4, 6, 9)):
            visit = (begins + starts * hour, begins + (starts + 2) * hour)
            order.event("stage", "appointed", begins + agreed * hour, visit=visit)
            order.event("stage", "on_site", begins + came * hour)
        other = Backdated(connection, pattern, 1)
        other.promise(NOW)
        other.event("accepted", "accepted", begins - 5 * hour)
        other.event("stage", "appointed", begins - hour, visit=(begins, begins + 2 * hour))
    asked = Asked(DAYS, only={"operator_id": 1})
    for read in (False, True):
        if read:
            keep_cells(runtime.db)
        with runtime.db.reading() as connection:
            told = measures(connection, asked, NOW).get("", Measures())
            due = whole_rows(connection, Which.VISITS_DUE, asked)
            missed = whole_rows(connection, Which.VISITS_MISSED, asked)
            assert len(due) == told.visits_due == 4
            assert count_measured(connection, Which.VISITS_DUE, asked, NOW) == 4
            assert len(missed) == told.visits_due - told.visits_kept
            assert [(row.order_id, row.kept) for row in due] == [
                (other.id, False),
                (order.id, False),
                (order.id, False),
                (order.id, True),
            ]
            assert [row.ends_at for row in due if row.order_id == order.id] == [
                begins + 8 * hour, begins + 2 * hour, begins + 2 * hour,
            ]  # fmt: skip
