"""How often an address may ask and an order be guessed at: by all processes, with Redis or without."""

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import redis
from flask.testing import FlaskClient
from looking_up import STORES, look_up_from, processes, with_store
from sqlalchemy import text

from public_status import create_app
from public_status.limits import Limits
from public_status.runtime import PublicRuntime, start
from tracker import clock
from tracker.config import Config, load
from tracker.db import Database
from tracker.embedded import Servers
from tracker.orders import numbers
from tracker.orders.place_orders import Placed
from tracker.runtime import Runtime
from tracker.setting_kinds import ConfigError
from tracker.tries import in_database

RIGHT = "1234"


@pytest.fixture
def number(place: Callable[..., Placed]) -> str:
    return place().number


@pytest.fixture(params=STORES)
def sites(request: pytest.FixtureRequest, config: Config, clean: None) -> Iterator[list[FlaskClient]]:
    """Two processes, with Redis and without."""
    with processes(with_store(config, request.param, lookup_limit="30 per minute")) as made:
        yield made


def lock(sites: list[FlaskClient], number: str) -> list[int]:
    """Five wrong tries, in turns and from five addresses."""
    return [
        look_up_from(sites[n % len(sites)], number, f"000{n}", f"198.51.100.{n}").status_code
        for n in range(5)
    ]


def test_five_wrong_tries_lock_an_order_in_every_process(sites: list[FlaskClient], number: str) -> None:
    assert lock(sites, number) == [404] * 5
    for site in sites:
        refused = look_up_from(site, number, RIGHT, "203.0.113.9")
        assert refused.status_code == 429
        assert "这个订单号暂时不能查询" in refused.text
        assert 1790 < int(refused.headers["Retry-After"]) <= 1800
        assert refused.headers["Cache-Control"] == "no-store"


def test_a_number_that_nobody_has_is_locked_alike(sites: list[FlaskClient], number: str) -> None:
    unknown = numbers.new_number(clock.today())
    assert lock(sites, unknown) == lock(sites, number) == [404] * 5
    answers = [look_up_from(sites[0], one, "0000", "203.0.113.9") for one in (unknown, number)]
    assert [one.status_code for one in answers] == [429, 429]
    assert answers[0].text == answers[1].text


def test_four_wrong_tries_lock_nothing(sites: list[FlaskClient], number: str) -> None:
    for n in range(4):
        look_up_from(sites[n % 2], number, "0000")
    assert [look_up_from(site, number, RIGHT).status_code for site in sites] == [200, 200]


def test_a_lock_ends_after_half_an_hour(
    sites: list[FlaskClient], number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock(sites, number)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=29, seconds=58))
    assert look_up_from(sites[0], number, RIGHT, "203.0.113.9").status_code == 429
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=30, seconds=2))
    assert [look_up_from(site, number, RIGHT, "203.0.113.9").status_code for site in sites] == [200, 200]
    # From there it is counted anew.
    assert lock(sites, number) == [404] * 5
    assert look_up_from(sites[1], number, RIGHT, "203.0.113.9").status_code == 429


def test_tries_at_a_locked_order_do_not_prolong_the_lock(
    sites: list[FlaskClient], number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock(sites, number)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=20))
    for n in range(6):
        assert look_up_from(sites[n % 2], number, "0000", "203.0.113.9").status_code == 429
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=30, seconds=2))
    assert look_up_from(sites[0], number, RIGHT, "203.0.113.9").status_code == 200


def test_an_address_is_slowed_down_in_every_process(sites: list[FlaskClient], number: str) -> None:
    answers = [look_up_from(sites[n % 2], number, RIGHT).status_code for n in range(32)]
    assert answers == [200] * 30 + [429] * 2
    refused = look_up_from(sites[0], number, RIGHT)
    assert "查询过于频繁" in refused.text
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert look_up_from(sites[0], number, RIGHT, "203.0.113.9").status_code == 200


def test_what_cannot_be_a_number_counts_for_the_address_alone(sites: list[FlaskClient]) -> None:
    answers = [look_up_from(sites[n % 2], "QY", "0000").status_code for n in range(31)]
    assert answers == [404] * 30 + [429]
    assert look_up_from(sites[0], "QY", "0000", "203.0.113.9").status_code == 404


def test_a_household_with_many_addresses_is_one_caller(sites: list[FlaskClient]) -> None:
    for n in range(30):
        assert look_up_from(sites[n % 2], "", "", f"2001:db8:1:2::{n:x}").status_code == 404
    assert look_up_from(sites[0], "", "", "2001:db8:1:2:ffff::1").status_code == 429
    assert look_up_from(sites[0], "", "", "2001:db8:1:3::1").status_code == 404


def test_a_locked_order_costs_the_database_nothing(
    public_runtime: PublicRuntime, client: FlaskClient, number: str
) -> None:
    lock([client], number)
    gone = Database("postgresql+psycopg:///tracker?host=/nowhere")
    blind = create_app(dataclasses.replace(public_runtime, db=gone)).test_client()
    assert look_up_from(blind, number, RIGHT, "203.0.113.9").status_code == 429


def test_a_lock_outlives_an_emptied_redis(config: Config, stores: Servers, number: str) -> None:
    with processes(config) as sites, redis.Redis.from_url(stores.redis_url) as client:
        lock(sites, number)
        for n in range(3):
            client.flushall()
            assert look_up_from(sites[n % 2], number, RIGHT, "203.0.113.9").status_code == 429
        # One that was emptied and is asked by several at once gives nothing away either.
        client.flushall()
        answers: list[int] = []
        threads = [
            threading.Thread(
                target=lambda site=site: answers.append(look_up_from(site, number, RIGHT).status_code)
            )
            for site in (*sites, *sites)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert answers == [429] * 4


def test_a_lock_made_without_redis_stands_once_it_is_back(config: Config, number: str) -> None:
    with processes(config, 1) as (there,), processes(with_store(config, "no redis"), 1) as (away,):
        assert look_up_from(there, number, RIGHT).status_code == 200
        lock([away], number)
        run = there.application.extensions["public"]
        # As whoever missed Redis does when it answers again.
        run.tries._away.set()
        assert look_up_from(there, number, RIGHT, "203.0.113.9").status_code == 429
        end = time.monotonic() + 10
        while run.tries._away.is_set() and time.monotonic() < end:
            time.sleep(0.05)
        assert not run.tries._away.is_set()
        assert look_up_from(there, number, RIGHT, "203.0.113.9").status_code == 429


def test_wrong_tries_at_once_are_all_counted(config: Config, number: str) -> None:
    with processes(config, 4) as sites:
        answers: list[int] = []

        def guess(site: FlaskClient, first: int) -> None:
            for n in range(first, first + 10):
                answer = look_up_from(site, number, f"{n:04d}", f"198.51.100.{n}")
                answers.append(answer.status_code)

        threads = [threading.Thread(target=guess, args=(site, 10 * n)) for n, site in enumerate(sites)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sorted(answers) == [404] * 5 + [429] * 35


@pytest.mark.parametrize("proxies", [0, 1])
@pytest.mark.parametrize("store", STORES)
def test_a_forged_forwarded_address_changes_nothing(
    config: Config, clean: None, store: str, proxies: int
) -> None:
    """Behind a proxy the last entry is the proxy's own; whatever a caller wrote stands before it."""
    settings = with_store(config, store, trusted_proxies=proxies, lookup_limit="5 per minute")
    with processes(settings) as sites:

        def ask(n: int, real: str) -> int:
            forged = f"203.0.113.{n}, 2001:db8::{n}"
            sent = f"{forged}, {real}" if proxies else forged
            source = "192.0.2.1" if proxies else real
            more = {"X_Real_IP": forged, "Forwarded": f"for=203.0.113.{n}", "X_Client_IP": f"203.0.113.{n}"}
            return look_up_from(sites[n % 2], "", "", source, X_Forwarded_For=sent, **more).status_code

        assert [ask(n, "198.51.100.7") for n in range(8)] == [404] * 5 + [429] * 3
        assert ask(9, "198.51.100.8") == 404


def test_what_is_stored_names_neither_addresses_nor_numbers(
    config: Config, stores: Servers, runtime: Runtime, number: str
) -> None:
    with processes(config, 1) as (there,), processes(with_store(config, "no redis"), 1) as (away,):
        lock([there, away], number)
    with redis.Redis.from_url(stores.redis_url) as client:
        stored = b"".join(key + (client.get(key) or b"") for key in client.keys("tracker:tries:*"))
    with runtime.db.reading() as connection:
        stored += b"".join(bytes(key) for key in connection.scalars(text("SELECT key FROM lookup_tries")))
    assert stored
    assert number.encode() not in stored
    assert b"198.51.100" not in stored


def test_counts_that_have_ended_are_deleted(
    config: Config, runtime: Runtime, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with processes(with_store(config, "no redis"), 1) as sites:
        lock(sites, number)
    assert in_database.forget_tries(runtime.db) == 0
    now = clock.now()
    # Five addresses by the minute, the order for half an hour.
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=2))
    assert in_database.forget_tries(runtime.db) == 5
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=31))
    assert in_database.forget_tries(runtime.db) == 1


@pytest.mark.parametrize("store", STORES)
def test_any_view_can_be_limited_by_a_line(config: Config, clean: None, store: str) -> None:
    run = start(with_store(config, store))
    app = create_app(run)
    limits = Limits(run)

    @app.get("/one")
    @limits.limit("2 per minute")
    def one() -> str:
        return "one"

    @app.get("/two/<int:what>")
    @limits.limit("3 per minute")
    def two(what: int) -> str:
        return f"two {what}"

    client = app.test_client()
    assert [client.get("/one").status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("/two/7").text == "two 7"
    assert [client.get(path).status_code for path in ("/two/1", "/two/7", "/two/2")] == [200, 200, 429]
    run.close()
    with pytest.raises(ValueError, match="one limit"):
        limits.limit("1 per minute; 5 per hour")


@pytest.mark.parametrize("value", ["", "often", "0 per minute", "5 per minute; 20 per hour"])
def test_a_limit_that_is_none_stops_the_start(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("TRACKER_LOOKUP_LIMIT", value)
    with pytest.raises(ConfigError, match="LOOKUP_LIMIT"):
        load()


def test_without_redis_in_the_settings_the_database_counts(config: Config, number: str) -> None:
    with processes(with_store(config, "redis", redis_url=None)) as sites:
        lock(sites, number)
        assert look_up_from(sites[1], number, RIGHT, "203.0.113.9").status_code == 429
