"""Redis not running, or running and mute: orders are taken in at once, texts follow later."""

import http.client
import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from system import MakeSystem, OwnValkey, Stores, System
from truth import assert_nothing_lost, wait_until_told

pytestmark = pytest.mark.faults

_FIRST_AT_MOST = 2.0
_OTHERS_AT_MOST = 0.5
_REST = 5.0


class Counter:
    """One channel that posts orders and takes the time."""

    def __init__(self, system: System, api_key: str, order_body: Callable[..., dict[str, Any]]) -> None:
        self._port, self._key, self._body = system.port, api_key, order_body
        self.acknowledged: dict[str, str] = {}
        self.seconds: list[float] = []

    def post(self, count: int) -> None:
        for _ in range(count):
            body = self._body()
            begun = time.monotonic()
            with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)) as web:
                headers = {
                    "Authorization": f"Bearer {self._key}",
                    "Content-Type": "application/json",
                    "Idempotency-Key": body["external_reference"],
                }
                web.request("POST", "/api/v1/orders", json.dumps(body), headers)
                response = web.getresponse()
                document = json.loads(response.read())
            self.seconds.append(time.monotonic() - begun)
            assert response.status == 201, document
            self.acknowledged[body["external_reference"]] = document["number"]

    def assert_quick(self) -> None:
        """Only a request that found Redis silent may have waited for it, one in each period of rest."""
        slow = [s for s in self.seconds if s > _OTHERS_AT_MOST]
        assert max(slow, default=0) < _FIRST_AT_MOST
        assert len(slow) <= 1 + sum(self.seconds) / _REST, f"slow: {slow}"


@pytest.fixture
def system(make_system: MakeSystem, own_valkey: OwnValkey) -> Iterator[System]:
    """One web process: each finds out for itself that Redis is silent."""
    return make_system(TRACKER_REDIS_URL=own_valkey.url, TRACKER_WEB_WORKERS="1")


@pytest.fixture
def counter(system: System, api_key: str, order_body: Callable[..., dict[str, Any]]) -> Counter:
    return Counter(system, api_key, order_body)


def test_not_running(system: System, own_valkey: OwnValkey, victims: Stores, counter: Counter) -> None:
    """Everything starts without it, and goes to work when it comes."""
    system.start()
    counter.post(1)
    counter.seconds.clear()
    counter.post(20)
    counter.assert_quick()
    own_valkey.start()
    wait_until_told(victims.engine, system)
    assert_nothing_lost(victims.engine, counter.acknowledged)
    system.assert_alive()


def test_mute(system: System, own_valkey: OwnValkey, victims: Stores, counter: Counter) -> None:
    own_valkey.start()
    system.start()
    # The first request of a process reads the reference data, which is not what is timed here.
    counter.post(1)
    counter.seconds.clear()
    own_valkey.signal(signal.SIGSTOP)
    counter.post(20)
    counter.assert_quick()
    own_valkey.signal(signal.SIGCONT)
    wait_until_told(victims.engine, system)
    assert_nothing_lost(victims.engine, counter.acknowledged)
    system.assert_alive()


def test_ring_without_schedule(
    system: System, own_valkey: OwnValkey, victims: Stores, counter: Counter
) -> None:
    own_valkey.start()
    system.start("web", "progress")
    counter.post(5)
    wait_until_told(victims.engine, system, within=10)
    assert_nothing_lost(victims.engine, counter.acknowledged)


def test_sweep_without_ring(system: System, own_valkey: OwnValkey, victims: Stores, counter: Counter) -> None:
    """Every ring of the requests is lost, and nobody orders anything that would ring again."""
    system.start("web")
    counter.post(5)
    own_valkey.start()
    system.start("progress", "upkeep", "schedule")
    wait_until_told(victims.engine, system, within=20)
    assert_nothing_lost(victims.engine, counter.acknowledged)
