"""Many requests of one process at once: the limit, the order, and an end for whoever waits."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest

from tracker.sms.in_flight import Attempt, InFlight
from tracker.sms.port import Accepted, NotBegun, Outcome, Sms


class Provider:
    """Answers after a moment, and counts how many wait for its answer."""

    def __init__(self) -> None:
        self.under_way = self.most = 0
        self.broken = False
        self.silent = False
        self.pause = 0.01

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Attempt]:
        if self.broken:
            raise OSError("no client")
        yield self.attempt

    async def attempt(self, sms: Sms) -> Outcome:
        if sms.body == "bug":
            raise ZeroDivisionError
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(30 if self.silent else self.pause)
        self.under_way -= 1
        return Accepted(f"ref-{sms.notice_id}")


class StopAfter:
    """A reason to stop once so many outcomes were seen."""

    def __init__(self, count: int) -> None:
        self.count, self.seen, self._lock = count, 0, threading.Lock()

    def reason(self) -> str | None:
        return "enough" if self.seen >= self.count else None

    def saw(self, outcome: Outcome) -> None:
        with self._lock:
            self.seen += 1


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def in_flight(provider: Provider) -> Iterator[InFlight]:
    made = InFlight(provider.client, 20)
    yield made
    made.close()


def texts(first: int, count: int) -> list[Sms]:
    return [Sms(n, "+8613800001234", "x") for n in range(first, first + count)]


def test_batches_of_several_threads_share_one_limit(provider: Provider, in_flight: InFlight) -> None:
    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(lambda n: in_flight.run(texts(n, 100), None), range(0, 400, 100)))
    assert [[o.reference for o in outcomes] for outcomes in ended] == [
        [f"ref-{n}" for n in range(first, first + 100)] for first in range(0, 400, 100)
    ]
    assert provider.most == 20


def test_nobody_is_forgotten_when_batches_come_just_as_others_end(
    provider: Provider, in_flight: InFlight
) -> None:
    provider.pause = 0
    with ThreadPoolExecutor(8) as pool:
        ends = [pool.submit(in_flight.run, texts(n, 20), None) for n in range(3000)]
        for end in ends:
            assert len(end.result(10)) == 20


def test_a_small_batch_is_not_kept_waiting_by_a_large_one_for_long(in_flight: InFlight) -> None:
    with ThreadPoolExecutor(1) as pool:
        large = pool.submit(in_flight.run, texts(0, 400), None)
        in_flight.run(texts(1000, 1), None)
        large.result()


def test_nothing_is_begun_once_there_is_a_reason(provider: Provider, in_flight: InFlight) -> None:
    stop = StopAfter(30)
    outcomes = in_flight.run(texts(0, 200), stop)
    begun = sum(isinstance(outcome, Accepted) for outcome in outcomes)
    assert 30 <= begun <= 50
    assert outcomes.count(NotBegun("enough")) == 200 - begun
    assert stop.seen == begun


def test_an_error_of_ours_reaches_whoever_waits_and_nobody_else(in_flight: InFlight) -> None:
    with pytest.raises(ZeroDivisionError):
        in_flight.run([*texts(0, 30), Sms(99, "+8613800001234", "bug")], None)
    assert in_flight.run(texts(0, 1), None) == [Accepted("ref-0")]


def test_a_client_that_cannot_be_made_is_told_at_once(provider: Provider) -> None:
    provider.broken = True
    with pytest.raises(OSError, match="no client"):
        InFlight(provider.client, 20)


def test_closing_gives_up_what_is_under_way_and_what_waits(provider: Provider) -> None:
    provider.silent = True
    made = InFlight(provider.client, 20)
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(made.run, texts(n, 30), None) for n in (0, 100)]
        while provider.under_way < 20:
            threading.Event().wait(0.01)
        made.close()
        for one in waiting:
            with pytest.raises((CancelledError, asyncio.CancelledError)):
                one.result(5)
