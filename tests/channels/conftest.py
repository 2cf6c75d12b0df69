"""Keys of a channel that sign, and requests signed by them as a channel's system would."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from documented import DocumentedClient
from flask.testing import FlaskClient
from signing import Signed
from werkzeug.test import TestResponse

from tests.serving import app_of
from tracker.channels.create_key import NewKey, create_signed_key
from tracker.channels.rules import SCOPES
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@pytest.fixture
def client(runtime: Runtime) -> Iterator[FlaskClient]:
    app = app_of(runtime)
    app.test_client_class = DocumentedClient
    with app.test_client() as client:
        yield client


@pytest.fixture
def signing_key(runtime: Runtime, channel: ChannelFacts) -> NewKey:
    """A key of the app that signs, and may do everything."""
    return create_signed_key(runtime.db, runtime.keys, channel, scopes=SCOPES)


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
