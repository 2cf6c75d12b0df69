"""The lists behind what is measured: each as long as its figure, returns by the cause of their reason."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from tests.backdated_orders import Backdated
from tracker import clock
from tracker.embedded import Servers
from tracker.figures.keep_cells import keep_cells
from tracker.figures.measure_rules import Measures, Which
from tracker.figures.measured_lists import count_measured, measured_orders
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
    found: list[int] = []
    before: int | None = None
    while True:
        ids, before = measured_orders(connection, which, asked, NOW, cause=cause, before_id=before, limit=2)
        found += ids
        if before is None:
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
            open_now = whole_list(connection, Which.OPEN, asked)
            assert len(open_now) == told.open_now == 1, "the pattern itself"
            other = Asked(DAYS, only={"operator_id": 2})
            assert whole_list(connection, Which.RETURNED, other) == []
