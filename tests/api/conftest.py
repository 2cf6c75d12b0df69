"""The service as a channel's system meets it."""

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from documented import DocumentedClient
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.serving import app_of
from tracker.api.portals.load import sample
from tracker.runtime import Runtime
from tracker.webhooks import addresses

_keys = count(1)


@pytest.fixture
def as_in_examples(settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the description's examples speak of: the sample of a portal, and a receiver of webhooks whose
    name leads somewhere. Nothing is asked of a name server.
    """
    (tmp_path / "sample.toml").write_text(sample().read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setenv("TRACKER_PORTAL_FOLDER", str(tmp_path))
    known = {"hooks.example.com": [(None, None, 6, "", ("93.184.215.14", 443))]}
    monkeypatch.setattr(addresses, "_look_up", lambda host, *_: known.get(host, []))


@pytest.fixture
def client(runtime: Runtime) -> Iterator[FlaskClient]:
    app = app_of(runtime)
    app.test_client_class = DocumentedClient
    with app.test_client() as client:
        yield client


@pytest.fixture
def post(client: FlaskClient, api_key: str) -> Callable[..., TestResponse]:
    """POST as the channel, with a fresh Idempotency-Key unless one is given."""

    def send(path: str, body: Any = None, *, key: str | None = None, **headers: str) -> TestResponse:
        return client.post(
            path,
            data=json.dumps(body),
            content_type="application/json",
            headers={
                "Authorization": f"Bearer {api_key}",
                "Idempotency-Key": key or f"test-{next(_keys)}",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )

    return send


@pytest.fixture
def get(client: FlaskClient, api_key: str) -> Callable[[str], TestResponse]:
    """GET as the channel."""
    return lambda path: client.get(path, headers={"Authorization": f"Bearer {api_key}"})
