"""Keys of a channel that sign, and requests signed by them as a channel's system would."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tracker import clock, create_app
from tracker.channels.create_key import NewKey, create_signed_key
from tracker.channels.rules import SCOPES
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@pytest.fixture
def client(runtime: Runtime) -> Iterator[FlaskClient]:
    with create_app(runtime).test_client() as client:
        yield client


@pytest.fixture
def signing_key(runtime: Runtime, channel: ChannelFacts) -> NewKey:
    """A key of the app that signs, and may do everything."""
    return create_signed_key(runtime.db, runtime.keys, channel, scopes=SCOPES)


@dataclass
class Signed:
    """A request with its signature, put together from the description in docs/channels.md by hand."""

    key: NewKey
    method: str = "GET"
    path: str = "/api/v1/orders"
    query: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    timestamp: str = ""
    nonce: str = ""

    def __post_init__(self) -> None:
        self.timestamp = self.timestamp or str(int(clock.now().timestamp()))
        self.nonce = self.nonce or secrets.token_hex(16)

    @property
    def text(self) -> str:
        """What is signed."""
        pairs = sorted((quote(name, safe="-._~"), quote(value, safe="-._~")) for name, value in self.query)
        return "\n".join(
            (
                self.method,
                quote(self.path, safe="/-._~"),
                "&".join(f"{name}={value}" for name, value in pairs),
                self.timestamp,
                self.nonce,
                hashlib.sha256(self.body).hexdigest(),
            )
        )

    @property
    def signature(self) -> str:
        """In hexadecimal."""
        return hmac.new(self.key.secret.encode(), self.text.encode(), hashlib.sha256).hexdigest()

    @property
    def headers(self) -> dict[str, str]:
        """As they are sent."""
        return {
            "X-App-Id": str(self.key.app_id),
            "X-Timestamp": self.timestamp,
            "X-Nonce": self.nonce,
            "X-Signature": self.signature,
        }


@pytest.fixture
def signed(signing_key: NewKey) -> Callable[..., Signed]:
    """Makes a request signed by the app's key."""
    return lambda **how: Signed(how.pop("key", signing_key), **how)


@pytest.fixture
def send(client: FlaskClient) -> Callable[..., TestResponse]:
    """Sends a signed request, changed on its way as `changes` say."""

    def go(request: Signed, **changes: Any) -> TestResponse:
        url = "&".join(f"{quote(name)}={quote(value)}" for name, value in request.query)
        how = {
            "method": request.method,
            "path": request.path,
            "query_string": url,
            "data": request.body,
            "headers": request.headers,
            "content_type": "application/json" if request.body else None,
        } | changes
        return client.open(**how)

    return go


@pytest.fixture
def as_json() -> Callable[[Any], bytes]:
    """A body as it goes over the wire."""
    return lambda body: json.dumps(body, ensure_ascii=False).encode()
