"""The list behind a figure is as long as the figure, and of just those orders."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool
from test_on_time import NOW, City

from tests.backdated_orders import Backdated
from tracker.embedded import Servers
from tracker.figures.keep_cells import keep_cells
from tracker.figures.on_time import Asked, Stretch, on_time_figures
from tracker.figures.orders_counted import Behind, Counted, counted_orders
from tracker.figures.rules import WITHDRAWN, Counts
from tracker.orders.place_orders import Placed
from tracker.runtime import Runtime


@pytest.fixture
def owner(stores: Servers, clean: None) -> Iterator[Engine]:
    made = create_engine(stores.owner_url, poolclass=NullPool)
    yield made
    made.dispose()


def listed(
    connection: Connection, asked: Asked, which: Counted, reason: str | None = None, at_once: int = 7
) -> list[int]:
    """All of a list, page by page."""
    found: list[int] = []
    behind: Behind | None = None
    while True:
        rows, behind = counted_orders(
            connection, asked, which, NOW, reason=reason, behind=behind, limit=at_once
        )
        found += [row.order_id for row in rows]
        if behind is None:
            return found


def figures(counts: Counts) -> dict[Counted, int]:
    return {
        Counted.DUE: counts.due,
        Counted.ON_TIME: counts.on_time,
        Counted.LATE: counts.due - counts.on_time,
        Counted.NET_DUE: counts.net_due,
        Counted.NET_ON_TIME: counts.net_on_time,
        Counted.NET_LATE: counts.net_due - counts.net_on_time,
        Counted.REMOVED: sum(counts.removed.values()),
    }


@pytest.mark.parametrize("seed", range(2))
def test_every_list_is_as_long_as_its_figure(
    runtime: Runtime, owner: Engine, place: Callable[..., Placed], seed: int
) -> None:
    city = City(owner, place(), seed)
    some = 0
    for step in range(140):
        city.go_on()
        if step == 70:
            keep_cells(runtime.db)
        if step % 20 == 19:
            only = city.drawn.choice(
                [{"operator_id": 1}, {"operator_id": 2}, {"dealer": "甲", "rural": True}, {"rural": False}]
            )
            asked = Asked(city.stretch(), only=only)
            with runtime.db.reading() as connection:
                counts = on_time_figures(connection, asked, NOW).get("", Counts())
                for which, count in figures(counts).items():
                    found = listed(connection, asked, which)
                    assert len(found) == len(set(found)) == count, (seed, step, which, asked)
                for reason in (WITHDRAWN, "weather", "roadworks"):
                    found = listed(connection, asked, Counted.REMOVED, reason)
                    assert len(found) == counts.removed.get(reason, 0)
                some += counts.due + sum(counts.removed.values())
    assert some > 50


def test_a_list_is_of_the_orders_themselves(
    runtime: Runtime, owner: Engine, place: Callable[..., Placed]
) -> None:
    pattern = place().number
    with owner.begin() as connection:
        kept, late, gone = (Backdated(connection, pattern, 1) for _ in range(3))
        for hours, order in enumerate((kept, late, gone), start=1):
            order.promise(NOW - timedelta(hours=hours))
            order.event("accepted", "accepted", NOW - timedelta(days=2))
        kept.event("stage", "activated", NOW - timedelta(hours=1))
        gone.event("stage", "withdrawn", NOW - timedelta(hours=5))
    day = Stretch((NOW - timedelta(days=1)).date(), NOW.date())
    asked = Asked(day, only={"operator_id": 1})
    for read in (False, True):
        if read:
            keep_cells(runtime.db)
        with runtime.db.reading() as connection:
            assert listed(connection, asked, Counted.DUE, at_once=1) == [kept.id, late.id, gone.id]
            assert listed(connection, asked, Counted.ON_TIME) == [kept.id]
            assert listed(connection, asked, Counted.LATE) == [late.id, gone.id]
            assert listed(connection, asked, Counted.NET_LATE) == [late.id]
            assert listed(connection, asked, Counted.REMOVED) == [gone.id]
            assert listed(connection, Asked(day, only={"operator_id": 2}), Counted.DUE) == []
