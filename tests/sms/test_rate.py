"""A provider's limit, kept by several workers through a real Valkey, and by each alone without it."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tracker.embedded import Servers
from tracker.sms.rate import Rate

GONE = "redis://127.0.0.1:1/0"


@pytest.fixture
def url(stores: Servers) -> Iterator[str]:
    import redis

    yield stores.redis_url
    with redis.Redis.from_url(stores.redis_url) as client:
        client.flushall()


def taken(rate: Rate, seconds: float, queue: str = "bulk") -> int:
    total, end = 0, time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        granted, wait = rate.take(50, queue)
        total += granted
        time.sleep(min(left, wait) if not granted else 0)
    return total


def test_workers_together_stay_within_the_limit(url: str) -> None:
    workers = [Rate(url, "twilio", 100) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        total = sum(pool.map(lambda worker: taken(worker, 1.5), workers))
    assert 120 <= total <= 100 * 1.5 + 50 + 5, "half a second's worth may come at once"


def test_providers_do_not_share_a_limit(url: str) -> None:
    assert Rate(url, "twilio", 10).take(99, "urgent") == (5, 0)
    assert Rate(url, "aliyun", 20).take(99, "urgent") == (10, 0)


@pytest.mark.parametrize("per_second", [1, 10, 100])
def test_what_is_urgent_finds_tokens_that_the_others_have_to_leave(url: str, per_second: float) -> None:
    rate = Rate(url, "twilio", per_second)
    assert rate.take(999, "bulk")[0] > 0
    granted, wait = rate.take(999, "bulk")
    assert granted == 0
    assert 0 < wait <= 1 / per_second + 0.01
    assert rate.take(1, "urgent") == (1, 0)


def test_what_was_not_used_is_there_again(url: str) -> None:
    rate = Rate(url, "twilio", 4)
    assert rate.take(9, "urgent")[0] == 2
    rate.give_back(2)
    assert rate.take(9, "urgent")[0] == 2


def test_without_valkey_each_worker_keeps_to_a_share_of_its_own() -> None:
    workers = [Rate(GONE, "twilio", 160) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        total = sum(pool.map(lambda worker: taken(worker, 1.0), workers))
    assert 80 <= total <= 168


def test_the_share_is_by_the_number_of_workers_that_valkey_last_told(url: str) -> None:
    first, second = Rate(url, "twilio", 100), Rate(url, "twilio", 100)
    for rate in (first, second, first):
        rate.take(1, "urgent")
    first._take_tokens = Rate(GONE, "twilio", 100)._take_tokens
    assert 30 <= taken(first, 1.0) <= 52
