"""Channels that send orders and do not let go until each is acknowledged."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

from waiting import until

_GIVE_UP_AFTER = 60.0
_REPEAT_EVERY = 7


class NotAcknowledged(Exception):
    """No success for one order, however often it was asked."""


class Stream:
    """Threads that post orders, each the same request until it is answered with success.

    `acknowledged` holds the order number that each external reference was answered with; `answers`
    counts statuses and the errors of broken connections; `slowest` is the longest wait for a success.
    """

    def __init__(
        self,
        port: int,
        api_key: str,
        order_body: Callable[..., dict[str, Any]],
        *,
        total: int = 300,
        threads: int = 4,
        per_second: float = 45,
    ) -> None:
        self.acknowledged: dict[str, str] = {}
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.slowest = 0.0
        self._port, self._key = port, api_key
        self._pause = threads / per_second
        self._lock = threading.Lock()
        bodies = [order_body(customer__phone=f"1380013{n:04}") for n in range(total)]
        self.total = total
        self._threads = [
            threading.Thread(target=self._run, args=(bodies[n::threads],), name=f"channel-{n}")
            for n in range(threads)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        for thread in self._threads:
            thread.join(_GIVE_UP_AFTER * 2)
        assert not any(thread.is_alive() for thread in self._threads)

    def reach(self, count: int) -> None:
        """Wait until so many orders have been acknowledged."""
        until(
            f"{count} acknowledged orders",
            lambda: len(self.acknowledged) >= min(count, self.total) or self.wrong,
            within=_GIVE_UP_AFTER,
            else_say=lambda: f"{len(self.acknowledged)} so far; {self.answers}",
        )

    def more(self, count: int) -> bool:
        """Wait for so many more, or for the end of the stream; whether it goes on."""
        self.reach(len(self.acknowledged) + count)
        return len(self.acknowledged) < self.total

    def assert_only(self, *answers: str) -> None:
        """All went well in the end, and no other kind of answer was given on the way."""
        assert not self.wrong
        assert len(self.acknowledged) == self.total
        assert not set(self.answers) - set(answers), self.answers

    def _run(self, bodies: list[dict[str, Any]]) -> None:
        for index, body in enumerate(bodies):
            reference = body["external_reference"]
            raw = json.dumps(body).encode()
            try:
                number = self._insist(raw, reference)
                self.acknowledged[reference] = number
                if index % _REPEAT_EVERY == 0 and (again := self._insist(raw, reference)) != number:
                    self.wrong.append(f"{reference} was answered {number}, then {again}")
            except NotAcknowledged as failure:
                self.wrong.append(str(failure))
                return
            time.sleep(self._pause)

    def _insist(self, raw: bytes, key: str) -> str:
        begun = time.monotonic()
        wait = 0.02
        seen: list[str] = []
        while time.monotonic() < begun + _GIVE_UP_AFTER:
            answer, document = self._post(raw, key)
            with self._lock:
                self.answers[answer] += 1
                if answer in ("200", "201"):
                    self.slowest = max(self.slowest, time.monotonic() - begun)
                    number: str = document["number"]
                    return number
            seen.append(answer)
            if answer.isdecimal() and answer not in ("409", "429", "500", "503"):
                raise NotAcknowledged(f"{key}: {answer} {document}")
            time.sleep(wait)
            wait = min(wait * 1.5, 0.5)
        raise NotAcknowledged(f"{key}: {Counter(seen)}")

    def _post(self, raw: bytes, key: str) -> tuple[str, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=15)
        try:
            connection.request(
                "POST",
                "/api/v1/orders",
                raw,
                {
                    "Authorization": f"Bearer {self._key}",
                    "Content-Type": "application/json",
                    "Idempotency-Key": key,
                },
            )
            response = connection.getresponse()
            content = response.read()
            document = json.loads(content)
            if response.status >= 400:
                kind = response.headers.get("Content-Type", "")
                if kind != "application/problem+json" or document["status"] != response.status:
                    self.wrong.append(f"{response.status} is no problem document: {kind} {content[:200]!r}")
            return str(response.status), document
        except (OSError, http.client.HTTPException, ValueError) as error:
            return type(error).__name__, {}
        finally:
            connection.close()
