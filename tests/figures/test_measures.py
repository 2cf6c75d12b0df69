"""What is measured of orders is equal to the last order to what a slow reader of all histories counts."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from tests.figures.measured_city import NOW, MeasuredCity, orders_slowly, told_slowly
from tracker.embedded import Servers
from tracker.figures.measure_rules import Which
from tracker.figures.measures import measures, orders_measured
from tracker.figures.on_time import Asked, Split
from tracker.orders.place_orders import Placed
from tracker.runtime import Runtime

SPLITS: tuple[Split, ...] = ("", "operator_id", "day", "month")


@pytest.fixture
def owner(stores: Servers, clean: None) -> Iterator[Engine]:
    made = create_engine(stores.owner_url, poolclass=NullPool)
    yield made
    made.dispose()


@pytest.fixture
def pattern(place: Callable[..., Placed]) -> str:
    """The number of an order whose columns the others take; it is one of the open ones."""
    return place().number


@pytest.mark.parametrize("seed", range(3))
def test_measures_are_exact(runtime: Runtime, owner: Engine, pattern: str, seed: int) -> None:
    city = MeasuredCity(owner, pattern, seed)
    for step in range(200):
        city.go_on()
        if step % 10 == 9:
            only = {"operator_id": city.drawn.choice([1, 2])} if city.drawn.random() < 0.5 else {}
            asked = Asked(city.stretch(), SPLITS[step // 10 % len(SPLITS)], only)
            with runtime.db.reading() as connection:
                assert measures(connection, asked, NOW) == told_slowly(city.stories, asked), (step, asked)
                for which in Which:
                    found = connection.scalars(orders_measured(which, asked, NOW)).all()
                    assert set(found) == orders_slowly(city.stories, which, asked), (which, step, asked)
                    assert len(found) == len(set(found))
