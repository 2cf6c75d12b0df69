"""How often a key may call: told in headers, counted by all processes together, and by each alone."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.serving import app_of
from tracker.channels.create_key import create_key
from tracker.channels.quotas import Quota, Quotas
from tracker.config import load
from tracker.embedded import Servers
from tracker.runtime import start

ORDERS = "/api/v1/orders"
GONE = "redis://127.0.0.1:1/0"


@pytest.fixture
def url(stores: Servers) -> Iterator[str]:
    yield stores.redis_url
    with redis.Redis.from_url(stores.redis_url) as client:
        client.flushall()


def call(client: FlaskClient, secret: str, address: str = "192.0.2.7") -> TestResponse:
    headers = {"Authorization": f"Bearer {secret}"}
    return client.get(ORDERS, headers=headers, environ_base={"REMOTE_ADDR": address})


def told(answer: TestResponse) -> tuple[int, int, int, int]:
    """Quota, window, rest, seconds until it is whole again."""
    policy = re.fullmatch(r'"key";q=(\d+);w=(\d+)', answer.headers["RateLimit-Policy"])
    limit = re.fullmatch(r'"key";r=(\d+);t=(\d+)', answer.headers["RateLimit"])
    assert policy
    assert limit
    return int(policy[1]), int(policy[2]), int(limit[1]), int(limit[2])


def test_every_answer_tells_what_is_left(client, database, channel) -> None:
    secret = create_key(database, channel, scopes=["orders"])
    assert told(call(client, secret))[:3] == (1200, 60, 1199)
    assert 1 <= told(call(client, secret))[3] <= 60
    headers = {"Authorization": f"Bearer {secret}"}
    for path, status in ((f"{ORDERS}/QY1", 404), ("/api/v1/call-tasks?limit=0", 422)):
        answer = client.get(path, headers=headers)
        assert answer.status_code == status
        assert told(answer)[0] == 1200


def test_nobody_is_told_of_anothers_quota(client, database, channel) -> None:
    for answer in (client.get(ORDERS), call(client, "trk_wrong"), client.get("/healthz")):
        assert "RateLimit" not in answer.headers


def test_a_key_that_calls_too_often_is_told_when_to_come_back(client, database, channel) -> None:
    secret = create_key(database, channel, rate_limit="3 per minute")
    other = create_key(database, channel)
    assert [told(call(client, secret))[2] for _ in range(3)] == [2, 1, 0]
    answer = call(client, secret)
    assert (answer.status_code, answer.json["rule"]) == (429, "request.too_many")
    assert answer.content_type == "application/problem+json"
    assert int(answer.headers["Retry-After"]) == told(answer)[3] <= 60
    assert told(answer)[:3] == (3, 60, 0)
    assert call(client, other).status_code == 200


def test_after_the_window_the_key_may_call_again(client, database, channel) -> None:
    secret = create_key(database, channel, rate_limit="2 per second")
    assert [call(client, secret).status_code for _ in range(3)] == [200, 200, 429]
    time.sleep(1.05)
    assert call(client, secret).status_code == 200


def test_the_general_limit_is_a_setting(settings, clean, channel, monkeypatch) -> None:
    monkeypatch.setenv("TRACKER_API_LIMIT", "2 per minute")
    run = start(load())
    client, secret = app_of(run).test_client(), create_key(run.db, channel)
    assert [call(client, secret).status_code for _ in range(3)] == [200, 200, 429]
    run.close()


def test_signed_requests_are_counted_too(runtime, channel, signed, send) -> None:
    from tracker.channels.create_key import create_signed_key

    key = create_signed_key(runtime.db, runtime.keys, channel, rate_limit="2 per minute")
    assert [send(signed(key=key)).status_code for _ in range(3)] == [200, 200, 429]


def test_a_replay_costs_the_key_nothing(runtime, channel, signed, send) -> None:
    from tracker.channels.create_key import create_signed_key

    key = create_signed_key(runtime.db, runtime.keys, channel, rate_limit="2 per minute")
    request = signed(key=key)
    assert [send(request).status_code for _ in range(4)] == [200, 401, 401, 401]
    assert send(signed(key=key)).status_code == 200


def test_wrong_keys_from_an_address_are_slowed_down_and_right_ones_pass(client, database, channel) -> None:
    secret = create_key(database, channel)
    guesses = [call(client, f"trk_guess{n}") for n in range(62)]
    assert [answer.status_code for answer in guesses] == [401] * 60 + [429] * 2
    assert guesses[-1].json["rule"] == "request.too_many"
    assert 1 <= int(guesses[-1].headers["Retry-After"]) <= 60
    assert call(client, secret).status_code == 200
    assert call(client, "trk_guess", address="192.0.2.8").status_code == 401
    assert client.get(ORDERS, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 401


def test_wrong_signatures_are_slowed_down_as_well(client, signed) -> None:
    headers = {**signed().headers, "X-Signature": "0" * 64}
    statuses = [client.get(ORDERS, headers=headers).status_code for _ in range(61)]
    assert statuses == [401] * 60 + [429]
    assert client.get(ORDERS, headers=signed().headers).status_code == 200


def test_a_household_cannot_guess_from_each_of_its_addresses(client) -> None:
    statuses = [call(client, "trk_guess", address=f"2001:db8::{n:x}").status_code for n in range(1, 62)]
    assert statuses[-1] == 429
    assert call(client, "trk_guess", address="2001:db8:0:1::1").status_code == 401


def test_processes_count_together(url: str) -> None:
    processes, quota = [Quotas(url) for _ in range(4)], Quota(400, 60)
    with ThreadPoolExecutor(4) as pool:
        passed = pool.map(lambda one: sum(one.take("key:1", quota).allowed for _ in range(300)), processes)
    # Each may hold a hundredth of the quota that it no longer comes to use.
    assert 400 - 3 * 4 <= sum(passed) <= 400


def test_one_process_alone_gets_exactly_its_quota(url: str) -> None:
    for amount in (1, 7, 99, 100, 1234):
        process = Quotas(url)
        shares = [process.take("key:1", Quota(amount, 60)) for _ in range(amount + 5)]
        assert [share.allowed for share in shares] == [True] * amount + [False] * 5
        assert [share.remaining for share in shares] == [*range(amount - 1, -1, -1), 0, 0, 0, 0, 0]


def test_what_is_told_is_true_to_a_hundredth(url: str) -> None:
    here, there = Quotas(url), Quotas(url)
    quota = Quota(1000, 60)
    here.take("key:1", quota)
    for _ in range(500):
        there.take("key:1", quota)
    # Ten that this process holds, and what it knew of the others a second ago.
    time.sleep(1.05)
    assert abs(here.take("key:1", quota).remaining - 498) <= 10


def test_a_busy_key_costs_a_round_trip_per_hundredth_of_its_quota(url: str, monkeypatch) -> None:
    process, asked = Quotas(url), []
    ask = process._take_shared
    monkeypatch.setattr(process, "_take_shared", lambda *given: asked.append(given) or ask(*given))
    began = time.monotonic()
    for _ in range(600):
        process.take("key:1", Quota(1200, 60))
    assert len(asked) <= 50 + (time.monotonic() - began)
    for _ in range(2000):
        process.take("key:1", Quota(1200, 60))
    assert len(asked) <= 100 + (time.monotonic() - began), "once it is used up, nobody has to ask"


def test_without_redis_each_process_counts_alone_and_at_once() -> None:
    process, quota = Quotas(GONE), Quota(50, 60)
    began = time.monotonic()
    passed = [process.take("key:1", quota).allowed for _ in range(1000)]
    assert sum(passed) == 50
    assert time.monotonic() - began < 1.0
    assert process.take("key:2", quota).allowed


def test_without_redis_requests_are_answered_at_once_and_still_limited(
    settings, clean, channel, monkeypatch
) -> None:
    monkeypatch.setenv("TRACKER_REDIS_URL", GONE)
    run = start(load())
    client, secret = app_of(run).test_client(), create_key(run.db, channel, rate_limit="20 per minute")
    began = time.monotonic()
    answers = [call(client, secret) for _ in range(22)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429] * 2
    assert time.monotonic() - began < 5
    assert told(answers[4])[2] == 15
    run.close()


def test_when_redis_goes_the_count_goes_on_from_what_was_known(url: str) -> None:
    process, quota = Quotas(url), Quota(300, 60)
    for _ in range(100):
        assert process.take("key:1", quota).allowed
    process._take_shared = Quotas(GONE)._take_shared
    passed = sum(process.take("key:1", quota).allowed for _ in range(400))
    assert 197 <= passed <= 200


def test_an_emptied_redis_keeps_nobody_out(url: str, client, database, channel) -> None:
    secret = create_key(database, channel, rate_limit="2 per minute")
    call(client, secret)
    with redis.Redis.from_url(url) as emptied:
        emptied.flushall()
    assert call(client, secret).status_code == 200


def test_windows_end_and_leave_nothing_behind(url: str) -> None:
    process = Quotas(url)
    assert process.take("key:1", Quota(1, 1)).allowed
    with redis.Redis.from_url(url) as client:
        assert all(0 < client.pttl(name) <= 1000 for name in client.keys("tracker:api:*"))
        assert len(client.keys("tracker:api:*")) == 1
    time.sleep(1.05)
    assert process.take("key:1", Quota(1, 1)).allowed


def test_many_addresses_take_no_more_than_their_room(monkeypatch) -> None:
    from tracker.channels import quotas

    monkeypatch.setattr(quotas, "_MOST_CALLERS", 100)
    process = Quotas(GONE)
    for n in range(1000):
        process.take(f"address:{n}", Quota(60, 60))
    assert len(process._windows) == 100


@pytest.mark.parametrize("words", ["", "often", "0 per minute", "1 per minute; 2 per hour", "-1 per second"])
def test_a_limit_that_is_none_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="limit"):
        Quota.read(words)


def test_limits_are_written_in_words() -> None:
    assert Quota.read("1200 per minute") == Quota(1200, 60)
    assert Quota.read("5/second") == Quota(5, 1)
    assert Quota.read("100 per 2 hours") == Quota(100, 7200)
