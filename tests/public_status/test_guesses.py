"""Ten thousand guesses at the four digits of one order find nothing, from one address or from two hundred."""

import random
from collections.abc import Callable

import pytest
from looking_up import STORES, look_up_from, processes, with_store

from tracker.config import Config
from tracker.orders.place_orders import Placed

_RIGHT = "7391"


def guess_all(config: Config, number: str, store: str, addresses: int, guesses: int) -> dict[int, int]:
    """So many of the ten thousand possibilities, the right one among them; counts of answers by status.

    The first five are answered, and one time in two thousand they hold the right one: here they do not.
    """
    wrong = [f"{n:04d}" for n in range(10_000) if f"{n:04d}" != _RIGHT]
    random.Random(addresses).shuffle(wrong)
    tried = wrong[:5] + random.Random(guesses).sample([*wrong[5 : guesses - 1], _RIGHT], guesses - 5)
    found: dict[int, int] = {}
    with processes(with_store(config, store)) as sites:
        for n, digits in enumerate(tried):
            address = f"198.51.{100 + n % addresses // 100}.{n % addresses % 100}"
            answer = look_up_from(sites[n % 2], number, digits, address)
            found[answer.status_code] = found.get(answer.status_code, 0) + 1
            assert number not in answer.text or answer.status_code == 404
        # The same for whoever really has it, and says nothing of whether it was right.
        assert look_up_from(sites[0], number, _RIGHT, "203.0.113.9").status_code == 429
    return found


@pytest.mark.parametrize(
    ("store", "addresses", "guesses"),
    [("redis", 200, 1_000), ("redis", 1, 1_000), ("no redis", 200, 1_000), ("no redis", 1, 1_000)],
)
def test_guesses_find_nothing(
    config: Config, place: Callable[..., Placed], store: str, addresses: int, guesses: int
) -> None:
    number = place(customer__phone=f"1380000{_RIGHT}").number
    assert guess_all(config, number, store, addresses, guesses) == {404: 5, 429: guesses - 5}


@pytest.mark.soak
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("addresses", [1, 200])
def test_all_guesses_find_nothing(
    config: Config, place: Callable[..., Placed], store: str, addresses: int
) -> None:
    number = place(customer__phone=f"1380000{_RIGHT}").number
    assert guess_all(config, number, store, addresses, 10_000) == {404: 5, 429: 9_995}
