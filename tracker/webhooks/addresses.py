"""Where a webhook's host leads to, looked up when it is saved and again for each connection."""

import asyncio
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from tracker.problems import Fault, Refusal
from tracker.webhooks.rules import Network, endpoint_of, may_connect, resolution_fault, url_fault

# A resolver may take half a minute to give up; whoever saves an address does not wait for it.
_PATIENCE_SECONDS = 3.0


class ForbiddenAddressError(OSError):
    """The host leads to an address that webhooks may not connect to."""


def check_url(url: str, allowed: Sequence[Network]) -> None:
    """Raises Refusal with the rule that the address breaks, by its look or by where it leads."""
    fault = url_fault(url)
    if fault is None:
        scheme, host, port = endpoint_of(url)
        fault = resolution_fault(scheme, _addresses_soon(host, port), allowed)
    if fault is not None:
        raise Refusal(Fault(fault, "/url"))


def _addresses_soon(host: str, port: int) -> list[str]:
    found: Future[list[str]] = Future()

    def look() -> None:
        try:
            found.set_result([str(address[0]) for *_, address in _look_up(host, port)])
        except (OSError, UnicodeError) as error:
            found.set_exception(error)

    # A daemon: a look-up that hangs keeps no process from ending.
    threading.Thread(target=look, name="look-up", daemon=True).start()
    with suppress(OSError, UnicodeError, FutureTimeoutError):
        return found.result(_PATIENCE_SECONDS)
    return []


def _look_up(host: str, port: int, family: int = socket.AF_UNSPEC) -> list[tuple[Any, ...]]:
    return list(socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM))


class Resolver(AbstractResolver):
    """The same look-up for the sender's event loop."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host. Raises OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(None, _look_up, host, port, family)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, proto, _, address in found
        ]

    async def close(self) -> None:
        """Nothing is kept open."""


def guarded_socket(allowed: Sequence[Network], address_info: tuple[Any, ...]) -> socket.socket:
    """A socket for exactly this address, the moment before it is connected.

    Whatever the host was found to lead to earlier, this is where it leads now. Raises
    ForbiddenAddressError.
    """
    family, kind, proto, _, address = address_info
    if not may_connect(str(address[0]), allowed):
        raise ForbiddenAddressError("forbidden address")
    made = socket.socket(family, kind, proto)
    made.setblocking(False)
    return made
