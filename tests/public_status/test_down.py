"""A database or Redis that hangs, is full, or is gone: an honest page, soon, in the reader's own way."""

import dataclasses
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from flask.testing import FlaskClient
from looking_up import NOWHERE, look_up_from, processes, with_store
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from public_status import create_app
from public_status.runtime import PublicRuntime
from tracker.config import Config
from tracker.db import PUBLIC_ROLE, Database
from tracker.embedded import Servers
from tracker.orders.place_orders import Placed

# The site's patience of three seconds, and what a busy machine takes besides.
_SOON = 8.0


@pytest.fixture
def number(place: Callable[..., Placed]) -> str:
    return place().number


@contextmanager
def locked_orders(stores: Servers) -> Iterator[None]:
    """Nobody can read an order: whoever asks waits."""
    engine = create_engine(stores.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"))
        yield
    engine.dispose()


def assert_honest(client: FlaskClient, number: str) -> None:
    began = time.monotonic()
    answer = look_up_from(client, number, "1234")
    assert answer.status_code == 503
    assert time.monotonic() - began < _SOON
    assert "系统暂时不可用" in answer.text
    assert "这不表示您的订单有问题" in answer.text
    assert "10000" in answer.text
    assert "没有查到" not in answer.text
    assert answer.headers["Retry-After"] == "30"
    assert answer.headers["Cache-Control"] == "no-store"
    client.set_cookie("lang", "en")
    client.set_cookie("elder", "1")
    answer = look_up_from(client, number, "1234")
    assert answer.status_code == 503
    assert "does not mean" in answer.text
    assert 'lang="en" data-elder' in answer.text


def test_a_database_that_hangs(stores: Servers, client: FlaskClient, number: str) -> None:
    assert look_up_from(client, number, "1234").status_code == 200
    with locked_orders(stores):
        assert_honest(client, number)
    client.delete_cookie("lang")
    assert look_up_from(client, number, "1234").status_code == 200


def test_a_database_that_answers_nothing_at_all(public_runtime: PublicRuntime, number: str) -> None:
    """A port that takes connections and is silent, as behind a proxy whose server is gone."""
    public_runtime.published.operators()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mute = Database(
            f"postgresql+psycopg://x@127.0.0.1:{silent.getsockname()[1]}/x", role=PUBLIC_ROLE, patience=1
        )
        assert_honest(create_app(dataclasses.replace(public_runtime, db=mute)).test_client(), number)


def test_no_connection_left(public_runtime: PublicRuntime, number: str) -> None:
    public_runtime.published.operators()
    full = Database(
        public_runtime.db.url.render_as_string(hide_password=False), role=PUBLIC_ROLE, pool_size=1, patience=1
    )
    client = create_app(dataclasses.replace(public_runtime, db=full)).test_client()
    with ExitStack() as taken:
        for _ in range(6):
            taken.enter_context(full.reading())
        assert_honest(client, number)
    client.delete_cookie("lang")
    assert look_up_from(client, number, "1234").status_code == 200
    full.dispose()


@pytest.mark.parametrize("store", ["redis", "no redis"])
def test_a_lost_database_with_redis_and_without(config: Config, number: str, store: str) -> None:
    with processes(with_store(config, store), 1) as (site,):
        run = site.application.extensions["public"]
        run.published.operators()
        gone = Database("postgresql+psycopg:///tracker?host=/nowhere", role=PUBLIC_ROLE)
        assert_honest(create_app(dataclasses.replace(run, db=gone)).test_client(), number)


@pytest.mark.parametrize("how", ["refused", "silent"])
def test_nobody_waits_twice_for_a_redis_that_does_not_answer(config: Config, number: str, how: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = NOWHERE if how == "refused" else f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        with processes(dataclasses.replace(config, redis_url=url), 1) as (site,):
            assert look_up_from(site, number, "1234").status_code == 200
            redis = site.application.extensions["public"].tries._redis
            asking: list[threading.Thread] = []
            connect = redis.connection_pool.get_connection

            def noted(*given: object, **more: object) -> object:
                asking.append(threading.current_thread())
                return connect(*given, **more)

            redis.connection_pool.get_connection = noted
            for _ in range(20):
                assert look_up_from(site, number, "1234").status_code == 200
            assert threading.current_thread() not in asking
            # Somebody else asks, so that it is found when it is back.
            end = time.monotonic() + 10
            while not asking and time.monotonic() < end:
                time.sleep(0.05)
            assert {one.name for one in asking} == {"tries"}
