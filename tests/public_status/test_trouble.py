"""When things go wrong: too many tries, no Redis, no database, nothing to find; and what never leaks."""

import dataclasses
import io
import logging
import socket
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, select, text
from sqlalchemy.pool import NullPool
from werkzeug.test import TestResponse

from public_status import create_app
from public_status.keeper import Keeper
from public_status.runtime import PublicRuntime, start
from tracker.config import Config
from tracker.db import PUBLIC_ROLE, Database
from tracker.embedded import Servers
from tracker.orders.models import Order
from tracker.orders.place_orders import Placed
from tracker.prepared import PreparedRead
from tracker.setting_kinds import ConfigError

Place = Callable[..., Placed]
LookUp = Callable[..., TestResponse]


@pytest.fixture
def number(place: Place) -> str:
    return place().number


def test_an_order_is_guarded_after_five_wrong_tries(
    look_up: LookUp, client: FlaskClient, number: str
) -> None:
    tries = [
        client.post(
            "/status",
            data={"number": number, "last4": f"{digits:04d}"},
            environ_base={"REMOTE_ADDR": f"10.0.0.{digits}"},
        ).status_code
        for digits in range(6)
    ]
    assert tries == [404] * 5 + [429]
    refused = look_up(number)
    assert refused.status_code == 429
    assert "这个订单号暂时不能查询" in refused.text
    assert "10000" in refused.text


def test_an_address_is_slowed_down(config: Config, clean: None) -> None:
    run = start(dataclasses.replace(config, lookup_limit="2 per minute"))
    client = create_app(run).test_client()
    answers = [client.post("/status", data={"number": "", "last4": ""}) for _ in range(3)]
    run.close()
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert "查询过于频繁" in answers[-1].text
    assert answers[-1].headers["Retry-After"]


def test_lookups_go_on_without_redis(config: Config, place: Place) -> None:
    number = place().number
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for url in ("unix:///nowhere/redis.sock", f"redis://127.0.0.1:{silent.getsockname()[1]}/0"):
            run = start(dataclasses.replace(config, redis_url=url))
            client = create_app(run).test_client()
            began = time.monotonic()
            answer = client.post("/status", data={"number": number, "last4": "1234"})
            assert answer.status_code == 200
            # A pause, not a hang: nobody waits for a Redis that does not answer.
            assert time.monotonic() - began < 5
            run.close()


def test_a_lost_database_is_told_quickly_and_never_as_not_found(public_runtime: PublicRuntime) -> None:
    public_runtime.published.operators()
    gone = Database("postgresql+psycopg:///tracker?host=/nowhere", role=PUBLIC_ROLE)
    client = create_app(dataclasses.replace(public_runtime, db=gone)).test_client()
    answer = client.post("/status", data={"number": "QY261123K7M4QZX", "last4": "1234"})
    assert answer.status_code == 503
    assert "系统暂时不可用" in answer.text
    assert "10000" in answer.text
    assert answer.headers["Retry-After"] == "30"
    blind = dataclasses.replace(public_runtime, db=gone, published=Keeper(gone))
    assert create_app(blind).test_client().get("/").status_code == 200


@pytest.mark.usefixtures("own_pools")
def test_connections_that_died_in_the_pool_are_replaced(
    stores: Servers, look_up: LookUp, number: str, public_runtime: PublicRuntime
) -> None:
    assert look_up(number).status_code == 200
    with public_runtime.db.reading(), public_runtime.db.reading(), public_runtime.db.reading():
        pass
    engine = create_engine(stores.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tracker_public'")
        )
    engine.dispose()
    assert look_up(number).status_code == 200


def test_nothing_personal_reaches_the_log(
    public_runtime: PublicRuntime, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = create_app(public_runtime).test_client()
    written = io.StringIO()
    logging.getLogger().handlers[0].setStream(written)  # type: ignore[attr-defined] - a StreamHandler
    client.post("/status", data={"number": number, "last4": "1234"})
    client.post("/status", data={"number": number, "last4": "4321"})
    client.get(f"/{number}/1234")
    monkeypatch.setattr("public_status.tickets.issue", lambda *_: 1 / 0)
    assert client.post("/status", data={"number": number, "last4": "1234"}).status_code == 500
    monkeypatch.setattr("public_status.queries._BY_DIGEST", PreparedRead(select(Order.customer_name)))
    client.post("/status", data={"number": number, "last4": "1234"})
    log = written.getvalue()
    assert log.count('"event": "request"') == 5
    for personal in (number, "1234", "4321", "127.0.0.1"):
        assert personal not in log


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/nowhere", 404, "没有这个页面"),
        ("POST", "/fees", 405, "不能这样打开此页"),
        ("GET", "/fees/999999999999", 404, "没有这个页面"),
        ("GET", "/static/build/nothing.css", 404, "没有这个页面"),
        ("GET", "/static/../../config.py", 404, "没有这个页面"),
    ],
)
def test_errors_are_pages(client: FlaskClient, method: str, path: str, status: int, words: str) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert words in answer.text
    assert "10086" in answer.text


def test_a_body_too_large_is_refused(client: FlaskClient) -> None:
    answer = client.post("/status", data={"number": "Q" * 20_000})
    assert answer.status_code == 413
    assert "提交的内容过多" in answer.text


def test_it_does_not_start_without_database_or_keys(config: Config) -> None:
    for missing in ({"database_url": None, "public_database_url": None}, {"key_file": None}):
        with pytest.raises(ConfigError):
            start(dataclasses.replace(config, **missing))
