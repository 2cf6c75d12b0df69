"""A wrong try and one at what nobody has cannot be told apart by the time that they take."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from looking_up import STORES, look_up_from, processes, with_store
from same_time import NOTICED, SURE, assert_same_time, rows_of, signed_rank
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests.conftest import order_json
from tracker import clock
from tracker.config import Config
from tracker.embedded import Servers
from tracker.orders import numbers
from tracker.orders.place_orders import Placed, place_orders
from tracker.orders.schemas import OrderRequestSchema
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

_UNLIMITED = "1000000 per second"
_AT_ONCE = 200

Fresh = Callable[[int], tuple[Iterator[str], Iterator[str], Iterator[str]]]
Place = Callable[[int], list[tuple[str, str]]]


def _phones(first: int) -> Iterator[str]:
    """Every third phone, so that three kinds are drawn from the same ones: reading another prefix takes
    another time.
    """
    return (f"13{n:05d}1234" for n in itertools.count(first, 3))


@pytest.fixture
def placed(
    runtime: Runtime, channel: ChannelFacts, stores: Servers
) -> Callable[[int], list[tuple[str, str]]]:
    """Places so many orders of as many customers, at rest on the disk; their numbers and phones."""
    # None of them ends as what is typed does.
    phones = _phones(1)

    def place(count: int) -> list[tuple[str, str]]:
        made: list[tuple[str, str]] = []
        while len(made) < count:
            some = list(itertools.islice(phones, min(_AT_ONCE, count - len(made))))
            requests = [OrderRequestSchema().load(order_json(customer__phone=phone)) for phone in some]
            results: list[Any] = place_orders(runtime, channel, requests)
            assert all(isinstance(one, Placed) for one in results)
            made += [(one.number, phone) for one, phone in zip(results, some, strict=True)]
        engine = create_engine(stores.owner_url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))
        engine.dispose()
        return made

    return place


@pytest.fixture
def fresh_numbers(placed: Place) -> Fresh:
    """Numbers of orders, and twice as many that nobody has, drawn as numbers of orders are."""

    def make(count: int) -> tuple[Iterator[str], Iterator[str], Iterator[str]]:
        known = [number for number, _ in placed(count)]
        unknown = [[numbers.new_number(clock.today()) for _ in range(count)] for _ in range(2)]
        return iter(known), iter(unknown[0]), iter(unknown[1])

    return make


@pytest.mark.soak
@pytest.mark.parametrize("store", STORES)
def test_wrong_digits_and_no_such_order_take_the_same_time(
    config: Config, fresh_numbers: Fresh, store: str
) -> None:
    with processes(with_store(config, store, lookup_limit=_UNLIMITED), 1) as (site,):

        def attempt(number: str) -> None:
            assert look_up_from(site, number, "9999").status_code == 404

        assert_same_time(fresh_numbers, attempt)


@pytest.mark.soak
@pytest.mark.parametrize("store", STORES)
def test_a_phone_with_orders_and_one_without_take_the_same_time(
    config: Config, placed: Place, store: str
) -> None:
    nobodys = _phones(2), _phones(3)

    def fresh_phones(count: int) -> tuple[Iterator[str], Iterator[str], Iterator[str]]:
        known = [phone for _, phone in placed(count)]
        # Written down beforehand, too: putting one together would be timed with its request.
        unknown = [list(itertools.islice(phones, count)) for phones in nobodys]
        return iter(known), iter(unknown[0]), iter(unknown[1])

    with processes(with_store(config, store, lookup_limit=_UNLIMITED), 1) as (site,):

        def attempt(phone: str) -> None:
            assert site.post("/lost-number", data={"phone": phone}).status_code == 200

        assert_same_time(fresh_phones, attempt)


def test_one_per_cent_would_be_noticed() -> None:
    """The judgement itself, on times as a busy machine makes them."""
    drawn = np.random.default_rng(7)
    burden = np.repeat(drawn.uniform(1, 3, 50), 100)
    times = (1 + drawn.exponential(0.05, (5_000, 2))) * burden[:, None]
    first, second = times.T
    assert abs(signed_rank(first, second)) < SURE
    assert signed_rank(first * (1 + NOTICED), second) > SURE
    assert signed_rank(first, second * (1 + NOTICED)) < -SURE


def test_what_takes_longer_is_found() -> None:
    slow = rows_of([lambda: sum(range(3000)), lambda: sum(range(2000))], 400)
    assert signed_rank(slow[:, 0], slow[:, 1]) > SURE


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ((21_000, 20_000, 20_000), "^[+][0-9.]+ standard deviations"),
        ((20_000, 20_000, 21_000), "the measurement is not fair"),
    ],
)
def test_a_leak_and_an_unfair_measurement_are_told_apart(lengths: tuple[int, ...], message: str) -> None:
    """On work whose length is known: sums, of which one kind is a twentieth longer."""

    def fresh(count: int) -> tuple[Iterator[str], Iterator[str], Iterator[str]]:
        known, unknown, other = (itertools.repeat(str(length), count) for length in lengths)
        return known, unknown, other

    with pytest.raises(AssertionError, match=message):
        assert_same_time(fresh, lambda length: sum(range(int(length))), rows=400, most=400)
