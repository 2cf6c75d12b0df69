"""Keep many requests of one process under way: an event loop in a thread of its own.

Batches of several threads share one limit. As soon as one request has ended the next text is
begun, whichever batch it belongs to, so that the end of a batch leaves no gap.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import uvloop

from tracker.sms.port import NotBegun, Outcome, Sms, Stop

Attempt = Callable[[Sms], Awaitable[Outcome]]


@dataclass
class _Batch:
    texts: Sequence[Sms]
    until: Stop | None
    outcomes: list[Any] = field(default_factory=list)
    left: int = 0
    done: "Future[list[Outcome | NotBegun]]" = field(default_factory=Future)

    def __post_init__(self) -> None:
        self.outcomes = [None] * len(self.texts)
        self.left = len(self.texts)

    def put(self, place: int, outcome: Outcome | NotBegun) -> None:
        self.outcomes[place] = outcome
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(self.outcomes)

    def fail(self, error: BaseException) -> None:
        """Whoever waits for the batch must not wait for ever."""
        if not self.done.done():
            self.done.set_exception(error)


class InFlight:
    """Sends batches with at most `limit` requests under way.

    `client` opens, inside the loop, what makes one attempt; an attempt tells of failures by its
    outcome. Opened at the first batch; `close` before the process forks or ends.
    """

    def __init__(self, client: Callable[[], AbstractAsyncContextManager[Attempt]], limit: int) -> None:
        self._client = client
        self._limit = limit
        self._waiting: deque[tuple[_Batch, int]] = deque()
        self._runners: set[asyncio.Task[None]] = set()
        # Not the size of the set, which a task leaves a moment after it has looked for the last time.
        self._looking = 0
        self._opened: Future[None] = Future()
        self._loop = uvloop.new_event_loop()
        self._end = asyncio.Event()
        # A daemon: a process that was told to end at once does not wait for a provider.
        self._thread = threading.Thread(
            target=self._loop.run_until_complete, args=(self._serve(),), name="in-flight", daemon=True
        )
        self._thread.start()
        self._opened.result()

    def run(self, texts: Sequence[Sms], until: Stop | None) -> list[Outcome | NotBegun]:
        """Send each at most once; returns when all have ended, outcomes in their order."""
        batch = _Batch(texts, until)
        self._loop.call_soon_threadsafe(self._take, batch)
        return batch.done.result()

    def close(self) -> None:
        """End the loop; what is under way is given up."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(5)
        if not self._thread.is_alive():
            self._loop.close()

    async def _serve(self) -> None:
        try:
            async with self._client() as attempt:
                self._attempt = attempt
                self._opened.set_result(None)
                await self._end.wait()
                for runner in self._runners:
                    runner.cancel()
                await asyncio.gather(*self._runners, return_exceptions=True)
                for batch, _ in self._waiting:
                    batch.fail(asyncio.CancelledError())
        except Exception as error:  # noqa: BLE001, RUF100 - whoever made this is told
            if self._opened.done():
                raise
            self._opened.set_exception(error)

    def _take(self, batch: _Batch) -> None:
        self._waiting.extend((batch, place) for place in range(len(batch.texts)))
        for _ in range(min(len(batch.texts), self._limit - self._looking)):
            self._looking += 1
            runner = self._loop.create_task(self._run())
            self._runners.add(runner)
            runner.add_done_callback(self._runners.discard)

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._one(*self._waiting.popleft())
        finally:
            self._looking -= 1

    async def _one(self, batch: _Batch, place: int) -> None:
        reason = batch.until.reason() if batch.until is not None else None
        if reason is not None:
            batch.put(place, NotBegun(reason))
            return
        try:
            outcome = await self._attempt(batch.texts[place])
            if batch.until is not None:
                batch.until.saw(outcome)
            batch.put(place, outcome)
        except Exception as error:  # noqa: BLE001, RUF100 - the waiting thread is told
            batch.fail(error)
        except asyncio.CancelledError as error:
            batch.fail(error)
            raise
