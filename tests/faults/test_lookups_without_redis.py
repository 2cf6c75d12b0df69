"""Redis hangs, dies and comes back while an order is guessed at: it stays locked, and others are shown."""

import dataclasses
import signal
import time
from collections.abc import Callable

import pytest
import redis
from system import OwnValkey

from tests.public_status.looking_up import look_up_from, processes
from tracker.config import Config
from tracker.orders.place_orders import Placed

pytestmark = pytest.mark.faults

_RIGHT = "1234"
_OTHERS_AT_MOST = 2.0


def test_a_lock_stands_whatever_becomes_of_redis(
    config: Config, own_valkey: OwnValkey, place: Callable[..., Placed]
) -> None:
    own_valkey.start()
    guessed, other = place().number, place().number
    with processes(dataclasses.replace(config, redis_url=own_valkey.url)) as sites:
        addresses = (f"198.51.100.{n}" for n in range(250))

        def wrong(times: int) -> list[int]:
            return [
                look_up_from(sites[n % 2], guessed, f"000{n}", next(addresses)).status_code
                for n in range(times)
            ]

        def assert_locked_and_serving() -> None:
            for site in sites:
                assert look_up_from(site, guessed, _RIGHT, next(addresses)).status_code == 429
                began = time.monotonic()
                assert look_up_from(site, other, _RIGHT, next(addresses)).status_code == 200
                assert time.monotonic() - began < _OTHERS_AT_MOST

        def until_redis_counts() -> None:
            tries = [site.application.extensions["public"].tries for site in sites]
            end = time.monotonic() + 20
            while any(one._away.is_set() for one in tries) and time.monotonic() < end:
                time.sleep(0.05)
            assert not any(one._away.is_set() for one in tries)

        assert wrong(3) == [404] * 3
        own_valkey.signal(signal.SIGSTOP)
        assert wrong(2) == [404] * 2
        assert_locked_and_serving()
        own_valkey.signal(signal.SIGCONT)
        until_redis_counts()
        assert_locked_and_serving()
        with redis.Redis.from_url(own_valkey.url) as client:
            client.flushall()
            assert_locked_and_serving()
            assert client.keys("tracker:tries:lock:*")
        own_valkey.close()
        assert_locked_and_serving()
        own_valkey.start()
        until_redis_counts()
        assert_locked_and_serving()


def test_an_address_is_slowed_down_while_redis_hangs(
    config: Config, own_valkey: OwnValkey, place: Callable[..., Placed]
) -> None:
    own_valkey.start()
    number = place().number
    own_valkey.signal(signal.SIGSTOP)
    settings = dataclasses.replace(config, redis_url=own_valkey.url, lookup_limit="6 per hour")
    with processes(settings) as sites:
        answers = [look_up_from(sites[n % 2], number, _RIGHT).status_code for n in range(8)]
        assert answers == [200] * 6 + [429] * 2
        assert look_up_from(sites[0], number, _RIGHT, "203.0.113.9").status_code == 200
