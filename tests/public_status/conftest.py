"""The customers' site on the test's database, in the role that only reads."""

from collections.abc import Callable, Iterator
from datetime import datetime

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from public_status import create_app
from public_status.runtime import PublicRuntime
from tests import known
from tests.published_plans import Publisher
from tracker import clock
from tracker.config import Config
from tracker.embedded import Servers

LookUp = Callable[..., TestResponse]


@pytest.fixture
def public_runtime(config: Config, clean: None) -> Iterator[PublicRuntime]:
    with known.site_started(config) as made:
        yield made


@pytest.fixture
def public_app(public_runtime: PublicRuntime) -> Flask:
    return create_app(public_runtime)


@pytest.fixture
def client(public_app: Flask) -> FlaskClient:
    return public_app.test_client()


@pytest.fixture
def look_up(client: FlaskClient) -> LookUp:
    """Submits the form as a browser would."""

    def submit(number: str, last4: str = "1234", **more: str) -> TestResponse:
        language = more.pop("accept", "zh-CN")
        data = {"number": number, "last4": last4, **more}
        return client.post("/status", data=data, headers={"Accept-Language": language})

    return submit


@pytest.fixture
def publisher(stores: Servers, clean: None) -> Iterator[Publisher]:
    """Publishes plans and changes for one test."""
    made = Publisher(stores.owner_url)
    yield made
    made.take_away()


@pytest.fixture
def morning(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """It is the morning of Tuesday 24 November 2026, and stays so."""
    at = datetime(2026, 11, 24, 8, 40, tzinfo=clock.CITY_ZONE)
    monkeypatch.setattr(clock, "now", lambda: at)
    return at


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str | bytes]:
    """What the database is asked from now on, as the driver is told it."""
    asked: list[str | bytes] = []
    execute = psycopg.Cursor.execute

    def noted(cursor: psycopg.Cursor, statement: str | bytes, *given: object, **more: object) -> object:
        asked.append(statement)
        return execute(cursor, statement, *given, **more)

    monkeypatch.setattr(psycopg.Cursor, "execute", noted)
    return asked
