"""A wrong try and one at a number that nobody has cannot be told apart by the time that they take."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import cycle

import numpy as np
import pytest
from looking_up import STORES, look_up_from, processes, with_store
from same_time import NOTICED, SURE, assert_same_time, pairs_of, signed_rank

from tracker import clock
from tracker.config import Config
from tracker.orders import numbers
from tracker.orders.place_orders import Placed

_NUMBERS = 40
_UNLIMITED = "1000000 per second"


@pytest.fixture
def hurrying(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Each call is half an hour and more: no lock stands any longer."""
    now = clock.now()

    def on(at: list[datetime] = [now]) -> None:  # noqa: B006 - what it is for
        at[0] += timedelta(minutes=31)
        monkeypatch.setattr(clock, "now", lambda: at[0])

    return on


@pytest.mark.soak
@pytest.mark.parametrize("store", STORES)
def test_wrong_digits_and_no_such_order_take_the_same_time(
    config: Config, place: Callable[..., Placed], hurrying: Callable[[], None], store: str
) -> None:
    known = cycle([place().number for _ in range(_NUMBERS)])
    unknown = cycle([numbers.new_number(clock.today()) for _ in range(_NUMBERS)])
    with processes(with_store(config, store, lookup_limit=_UNLIMITED), 1) as (site,):
        rounds = cycle(range(_NUMBERS))

        def wrong_at(numbers_of_a_kind: Iterator[str]) -> None:
            if next(rounds) == 0:
                hurrying()
            assert look_up_from(site, next(numbers_of_a_kind), "9999").status_code == 404

        assert_same_time(lambda: wrong_at(known), lambda: wrong_at(unknown))


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
    slow = pairs_of(lambda: sum(range(3000)), lambda: sum(range(2000)), 400)
    assert signed_rank(slow[:, 0], slow[:, 1]) > SURE
