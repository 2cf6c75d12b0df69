"""The wire under Twilio's client: one call is one request, and what failed can be told apart.

Everything that fails while a connection is being made (name, route, TLS) surfaces as one kind of
error, because nothing of the request has been written yet; everything later does not.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from twilio.http.http_client import TwilioHttpClient
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError

from tracker import clock
from tracker.sms.deadline import deadline, watch

_LONGEST_WAIT = 86400.0

# Twilio's client logs whole URLs, and a listing's URL holds the customer's number (invariant I5).
# A logger outside the hierarchy stays silent whatever the process configures.
SILENT = logging.Logger("twilio", level=logging.CRITICAL + 1)


class Answered(Exception):
    """The server answered, and not with success."""

    def __init__(self, status: int, code: int | None, retry_after: float | None) -> None:
        super().__init__(status, code, retry_after)
        self.status = status
        self.code = code
        self.retry_after = retry_after


class OneRequestClient(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's HTTP client without retries, redirects or logging. Raises Answered unless 2xx.

    `timeout` bounds a whole request, in seconds. Twilio's own exceptions keep neither headers nor,
    for some bodies, the status of the response.
    """

    def __init__(self, timeout: float) -> None:
        super().__init__(timeout=timeout, max_retries=0, logger=SILENT)
        # Below ERROR it writes URLs, too.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
        adapter = _Adapter(max_retries=0)
        self.session.mount("https://", adapter)
        self.session.mount("http://", adapter)

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """Make one request."""
        with deadline(self.timeout):
            response = super().request(*args, **kwargs)
        if not 200 <= response.status_code < 300:
            wait = seconds_of(response.headers.get("Retry-After"))
            raise Answered(response.status_code, error_code(response.text), wait)
        return response


def nothing_was_sent(error: BaseException) -> bool:
    """Whether the error proves that no connection was made, so that no request can have arrived."""
    if not isinstance(error, requests.ConnectionError) or not error.args:
        return False
    reason = getattr(error.args[0], "reason", None)
    if isinstance(reason, ProxyError):
        reason = reason.original_error
    return isinstance(reason, ConnectTimeoutError)


@contextmanager
def _connecting(connection: HTTPConnection) -> Iterator[None]:
    try:
        yield
    except ConnectTimeoutError:
        raise
    except (OSError, HTTPError, HTTPException, ValueError) as error:
        raise NewConnectionError(connection, type(error).__name__) from error


class _Plain(HTTPConnection):
    def connect(self) -> None:
        with _connecting(self):
            super().connect()
            watch(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            watch(self.sock)
        super().request(*args, **kwargs)


class _Tls(HTTPSConnection):
    def connect(self) -> None:
        with _connecting(self):
            super().connect()
            watch(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            watch(self.sock)
        super().request(*args, **kwargs)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}


def error_code(text: str) -> int | None:
    """Twilio's code in the body of an answer; None if there is none."""
    try:
        code = str(json.loads(text)["code"])
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return int(code) if code.isascii() and code.isdecimal() and len(code) < 10 else None


def seconds_of(header: str | None) -> float | None:
    """Seconds of a Retry-After header, a number or a date (RFC 9110, 10.2.3); None if unreadable."""
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), _LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = (at.replace(tzinfo=at.tzinfo or UTC) - clock.now()).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_WAIT)
