"""Send requests, many at once, from an event loop in a thread of its own."""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial

import aiohttp

from tracker import clock
from tracker.webhooks.addresses import ForbiddenAddressError, Resolver, guarded_socket
from tracker.webhooks.rules import Answer, Network, endpoint_of, is_listed

# So much of an answer is taken in to use its connection again, and thrown away.
_BODY_BYTES = 4096
_USER_AGENT = "installation-tracker-webhooks/1"
_MOST_CONNECTIONS = 1000
LATE = Answer(error="lease_expired")


@dataclass(frozen=True)
class Message:
    """One request to a webhook. Once `not_after` has passed it is not begun: another worker may have it."""

    webhook_id: int
    url: str
    body: str
    headers: Mapping[str, str]
    not_after: datetime


class Sender:
    """One POST for each message, `at_once` of them to each webhook; outcomes instead of exceptions.

    Connects to addresses that webhooks may lead to and to no others; follows no redirect, uses no proxy
    of the environment. `timeout` is for a request as a whole, in seconds.
    """

    def __init__(self, timeout: float, allowed: Sequence[Network], at_once: int) -> None:
        self._timeout, self._allowed = timeout, allowed
        self._turns: defaultdict[int, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(at_once))
        self._opened: Future[None] = Future()
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        # A daemon: a process that was told to end at once does not wait for a receiver.
        self._thread = threading.Thread(
            target=self._loop.run_until_complete, args=(self._serve(),), name="webhooks", daemon=True
        )
        self._thread.start()
        self._opened.result()

    def submit(self, message: Message) -> "Future[Answer]":
        """Begin to send; the future always comes to an answer."""
        return asyncio.run_coroutine_threadsafe(self._in_turn(message), self._loop)

    def close(self) -> None:
        """End the loop; what is under way is given up."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(5)
        if not self._thread.is_alive():
            self._loop.close()

    async def _serve(self) -> None:
        try:
            session = self._session_of_our_own()
        except Exception as error:  # noqa: BLE001, RUF100 - whoever made this is told
            self._opened.set_exception(error)
            return
        async with session as self._session:
            self._opened.set_result(None)
            await self._end.wait()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    def _session_of_our_own(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=_MOST_CONNECTIONS,
            resolver=Resolver(),
            # Each connection goes where the host leads at that moment.
            use_dns_cache=False,
            socket_factory=partial(guarded_socket, self._allowed),
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=self._timeout, ceil_threshold=1e9),
            headers={"Content-Type": "application/json", "User-Agent": _USER_AGENT},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )

    async def _in_turn(self, message: Message) -> Answer:
        async with self._turns[message.webhook_id]:
            return await self._send(message)

    async def _send(self, message: Message) -> Answer:
        if clock.now() >= message.not_after:
            return LATE
        scheme, host, _ = endpoint_of(message.url)
        begun = time.monotonic()

        def answered(**what: object) -> Answer:
            return Answer(took_ms=round((time.monotonic() - begun) * 1000), **what)  # type: ignore[arg-type]

        if scheme != "https" and not await self._is_our_own(host):
            return answered(error="not_https")
        try:
            async with self._session.post(
                message.url, data=message.body.encode(), headers=message.headers, allow_redirects=False
            ) as response:
                found = answered(
                    status=response.status, retry_after=_seconds(response.headers.get("Retry-After"))
                )
                # What it has to say besides is nobody's, and cannot make the answer another one.
                with suppress(aiohttp.ClientError, OSError, ValueError):
                    await response.content.read(_BODY_BYTES)
                return found
        except Exception as error:  # noqa: BLE001, RUF100 - whatever a stranger's server does is an answer
            return answered(error=_in_a_word(error))

    async def _is_our_own(self, host: str) -> bool:
        """Whether a host leads to allowed networks only, where TLS is not asked for."""
        try:
            found = await asyncio.wait_for(Resolver().resolve(host), self._timeout)
        except (OSError, UnicodeError, TimeoutError):
            return False
        return bool(found) and all(is_listed(one["host"], self._allowed) for one in found)


def _in_a_word(error: BaseException) -> str:
    """The kind of a failure for the log of deliveries; its text may quote what is nobody's to read."""
    causes: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in causes:
        causes.append(one)
        one = getattr(one, "os_error", None) or one.__cause__ or one.__context__
    for kind, word in (
        (ForbiddenAddressError, "private_address"),
        (aiohttp.ClientConnectorDNSError, "unresolved"),
        (aiohttp.ClientSSLError, "tls"),
        (TimeoutError, "timeout"),
        (ConnectionRefusedError, "refused"),
        (aiohttp.ServerDisconnectedError, "disconnected"),
        (OSError, "connection"),
    ):
        if any(isinstance(cause, kind) for cause in causes):
            return word
    return "unreadable" if isinstance(error, aiohttp.ClientError | ValueError) else "failed"


def _seconds(retry_after: str | None) -> float | None:
    """A Retry-After in seconds, whether it was given so or as a date; None for neither."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal() and len(retry_after) < 12:
        return float(retry_after)
    try:
        return (parsedate_to_datetime(retry_after) - clock.now()).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
