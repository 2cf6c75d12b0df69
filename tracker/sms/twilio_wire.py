"""The asynchronous wire under Twilio's client, with the synchronous one's promises: one call is one
request, and what failed before anything of it was written can be told apart from all else.
"""

import os
import ssl
from collections.abc import Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

import aiohttp
from aiohttp.payload import BytesPayload
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from yarl import URL

from tracker.sms.twilio_http import SILENT, Answered, error_code, seconds_of

_begun: ContextVar[list[bool]] = ContextVar("begun")


# Warnings of one tariff are the same text to everybody who has it. Numbers are not kept.
_SAME_FOR_MANY = {"Body", "From", "MessagingServiceSid"}
_quoted_before = lru_cache(maxsize=64)(quote_plus)
_basic = lru_cache(maxsize=8)(aiohttp.encode_basic_auth)


def _form(fields: Mapping[str, object]) -> bytes:
    """A form as `urllib.parse.urlencode` writes it."""
    return "&".join(
        f"{name}={(_quoted_before if name in _SAME_FOR_MANY else quote_plus)(str(value))}"
        for name, value in fields.items()
    ).encode()


class NothingWritten(Exception):
    """The request failed, and nothing of it had been written; the message is the failure's class."""


class _Request(aiohttp.ClientRequest):
    """Notes that writing begins: after that, nothing proves that the request did not arrive."""

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        _begun.get()[0] = True
        return await super().send(conn)


class ManyRequestsClient(AsyncHttpClient):  # type: ignore[misc]
    """Twilio's asynchronous HTTP client without retries, redirects, logging or cookies.

    `timeout` bounds a whole request in seconds, from the look-up of the name to the end of the
    answer. Raises Answered unless 2xx and NothingWritten where that is certain. To be made inside
    the running event loop. Twilio's own passes no time-out on and makes a new session's worth of
    objects for each request.
    """

    def __init__(self, timeout: float) -> None:
        super().__init__(SILENT, True, timeout)
        # What the synchronous wire trusts.
        bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        context = ssl.create_default_context(cafile=bundle or DEFAULT_CA_BUNDLE_PATH)
        self._session = aiohttp.ClientSession(
            # No limit of its own: waiting for a connection would count as waiting for an answer.
            connector=aiohttp.TCPConnector(limit=0, ssl=context),
            timeout=aiohttp.ClientTimeout(total=timeout, ceil_threshold=3600),
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=_Request,
        )
        self._ways: dict[str, tuple[URL, str | None]] = {}

    async def request(
        self,
        method: str,
        url: str,
        params: object = None,
        data: Any = None,
        headers: Any = None,
        auth: Any = None,
        timeout: object = None,
        allow_redirects: object = False,
    ) -> Response:
        """Make one request."""
        begun = [False]
        _begun.set(begun)
        try:
            address, proxy = self._way(url)
            async with self._session.request(
                method,
                address,
                data=BytesPayload(_form(data)),
                headers={**headers, "Authorization": _basic(*auth)},
                proxy=proxy,
                allow_redirects=False,
            ) as response:
                # Twilio answers in UTF-8; to look for another encoding costs as much as to read it.
                text = (await response.read()).decode("utf-8", "replace")
        except (OSError, aiohttp.ClientError, ValueError) as error:
            if begun[0]:
                raise
            raise NothingWritten(type(error).__name__) from error
        if not 200 <= response.status < 300:
            wait = seconds_of(response.headers.get("Retry-After"))
            raise Answered(response.status, error_code(text), wait)
        return Response(response.status, text, response.headers)

    def _way(self, url: str) -> tuple[URL, str | None]:
        """The address and the proxy to it that the environment names, as the synchronous wire finds them."""
        if url not in self._ways:
            self._ways[url] = URL(url, encoded=True), select_proxy(url, get_environ_proxies(url))
        return self._ways[url]

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()
