"""Connections of `requests` whose failures can be told apart: was anything of a request written?

Everything that fails while a connection is being made (name, route, TLS) surfaces as one kind of
error, because nothing of the request has been written yet; everything later does not.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError

from tracker.sms.deadline import watch


def mount(session: requests.Session, connections: int = 10) -> None:
    """Let a session use such connections, keep so many of them, and never repeat a request."""
    # Below ERROR it writes URLs, which can hold a customer's number (invariant I5).
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    adapter = _Adapter(max_retries=0, pool_maxsize=connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)


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


class _Tls(_Plain, HTTPSConnection):
    """The same, over TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
