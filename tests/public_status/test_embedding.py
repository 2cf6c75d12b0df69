"""The lookup as data: what it says, what it never says, and who may ask."""

import dataclasses
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from subscribing import City
from werkzeug.test import TestResponse

from public_status import create_app
from public_status.runtime import PublicRuntime, start
from tests.published_plans import becomes
from tracker import clock, config
from tracker.config import Config
from tracker.db import PUBLIC_ROLE, Database
from tracker.orders.actor import Actor
from tracker.orders.place_orders import Placed
from tracker.orders.record_progress import record_progress
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.setting_kinds import ConfigError

Place = Callable[..., Placed]
Ask = Callable[..., TestResponse]

_DOCUMENT = Path(__file__).parents[2] / "docs" / "embedding.md"
_ALLOWED = "https://wx.example"


@pytest.fixture
def number(place: Place, morning: datetime) -> str:
    return place(accepted_at="2026-11-23T09:30:00+08:00").number


@pytest.fixture
def ask(client: FlaskClient) -> Ask:
    def send(number: str, last4: str = "1234", **headers: str) -> TestResponse:
        return client.post("/api/lookup", json={"number": number, "last4": last4}, headers=headers)

    return send


def test_it_says_what_the_page_says(ask: Ask, number: str) -> None:
    answer = ask(number)
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in answer.headers
    told = answer.json
    assert told["number"] == number
    assert told["language"] == answer.headers["Content-Language"] == "zh"
    assert told["as_of"] == "2026-11-24T08:40:00+08:00"
    assert told["stage"] == {"code": "accepted", "words": "已受理"}
    assert told["mark"] == {"code": "on_time", "words": "按时"}
    assert told["promise"]["deadline"] == {
        "at": "2026-11-25T09:30:00+08:00",
        "words": "11月25日（周三）09:30",
    }
    assert told["promise"]["first_deadline"] == told["promise"]["deadline"]
    assert told["promise"]["minutes_left"] == 24 * 60 + 50
    assert "48小时内" in told["promise"]["explanation"]
    assert [step["state"] for step in told["steps"]] == ["now"] + ["next"] * 7
    assert told["steps"][0] == {
        "words": "已受理",
        "state": "now",
        "at": "2026-11-23T09:30:00+08:00",
        "note": "",
        "reason": "",
    }
    installation = told["fees"][0]
    assert (installation["words"], installation["fen"], installation["amount"]) == (
        "安装费",
        10_000,
        "100 元",
    )
    assert installation["state"] == {"code": "due", "words": "未缴"}
    assert (told["open_fen"], told["open_words"]) == (10_000, "100 元")
    assert told["plan"]["filing_number"] == "24GD100001"
    assert told["operator"] == {"name": "清远电信", "hotline": "10000"}


def test_it_speaks_english_when_asked_by_header_or_field(client: FlaskClient, ask: Ask, number: str) -> None:
    by_header = ask(number, **{"Accept-Language": "en-GB,en"})
    by_field = client.post("/api/lookup", json={"number": number, "last4": "1234", "lang": "en"})
    for answer in (by_header, by_field):
        told = answer.json
        assert told["stage"]["words"] == "Accepted"
        assert told["mark"]["words"] == "On time"
        assert told["fees"][0]["amount"] == "¥100"
        assert told["operator"]["name"] == "Qingyuan Telecom"
        assert told["promise"]["explanation"].startswith("Within 48 hours")
        assert answer.headers["Content-Language"] == "en"
    assert client.post("/api/lookup", json={"number": number, "last4": "1", "lang": "en"}).json["title"] == (
        "No order was found: the number and the last four digits do not belong together."
    )


def test_a_form_is_as_good_as_json(client: FlaskClient, ask: Ask, number: str) -> None:
    by_form = client.post("/api/lookup", data={"number": number.lower(), "last4": "１２３４"})
    assert by_form.json == ask(number).json


def test_it_names_nobody(ask: Ask, number: str) -> None:
    # The number may hold the four digits by chance.
    words = ask(number).text.replace(number, "")
    for personal in ("张三", "13800001234", "1234", "测试路"):
        assert personal not in words


def test_an_order_that_ended_tells_why_and_promises_nothing(
    ask: Ask, number: str, runtime: Runtime, channel: ChannelFacts
) -> None:
    at = clock.now()
    request = {"stage": "returned", "occurred_at": at, "reason_code": "line_too_long", "reason_text": None}
    record_progress(runtime, Actor.of_channel(channel), number, request)
    told = ask(number).json
    assert told["stage"] == {"code": "returned", "words": "已退单"}
    assert (told["promise"], told["mark"], told["ended_because"]) == (None, None, "线路过长")
    assert told["steps"][-1]["reason"] == "线路过长"


@pytest.mark.parametrize(
    ("what", "how"),
    [
        ("wrong digits", {"json": {"number": "{number}", "last4": "9999"}}),
        ("no such order", {"json": {"number": "QY261123K7M4QZX", "last4": "1234"}}),
        ("no digits", {"json": {"number": "{number}"}}),
        ("digits as a number", {"json": {"number": "{number}", "last4": 1234}}),
        ("no object", {"json": ["{number}", "1234"]}),
        ("broken", {"data": b'{"number": ', "content_type": "application/json"}),
        ("nothing", {"data": b""}),
        ("text", {"data": b"QY", "content_type": "text/plain"}),
        ("in the address", {"query_string": {"number": "{number}", "last4": "1234"}}),
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same(
    client: FlaskClient, number: str, what: str, how: dict[str, Any]
) -> None:
    sent = json.loads(json.dumps(how, default=bytes.decode).replace("{number}", number))
    if "data" in sent:
        sent["data"] = sent["data"].encode()
    answer = client.post("/api/lookup", **sent)
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.json == {
        "type": "urn:problem-type:lookup.no_match",
        "title": "没有查到订单：订单号与手机号后四位对不上",
        "status": 404,
        "rule": "lookup.no_match",
    }


def test_it_is_asked_by_post_alone_and_briefly(client: FlaskClient) -> None:
    read = client.get("/api/lookup")
    assert (read.status_code, read.json["rule"]) == (405, "request.method")
    assert "POST" in read.headers["Allow"]
    long = client.post("/api/lookup", json={"number": "Q" * 9000, "last4": "1234"})
    assert (long.status_code, long.json["rule"]) == (413, "request.too_large")


def test_tries_here_and_on_the_page_count_together(client: FlaskClient, ask: Ask, number: str) -> None:
    for digits in ("0001", "0002"):
        client.post("/status", data={"number": number, "last4": digits})
    for digits in ("0003", "0004", "0005"):
        assert ask(number, digits).status_code == 404
    locked = ask(number)
    assert (locked.status_code, locked.json["rule"]) == (429, "lookup.locked")
    assert locked.headers["Retry-After"] == "1800"
    assert client.post("/status", data={"number": number, "last4": "1234"}).status_code == 429


def test_an_address_is_slowed_down_over_both(config: Config, clean: None) -> None:
    run = start(dataclasses.replace(config, lookup_limit="2 per minute"))
    client = create_app(run).test_client()
    client.post("/status", data={})
    client.post("/api/lookup", json={})
    refused = client.post("/api/lookup", json={})
    run.close()
    assert (refused.status_code, refused.json["rule"]) == (429, "request.too_many")
    assert 58 <= int(refused.headers["Retry-After"]) <= 60


def test_a_lost_database_is_no_missing_order(public_runtime: PublicRuntime) -> None:
    gone = Database("postgresql+psycopg:///tracker?host=/nowhere", role=PUBLIC_ROLE)
    client = create_app(dataclasses.replace(public_runtime, db=gone)).test_client()
    answer = client.post("/api/lookup", json={"number": "QY261123K7M4QZX", "last4": "1234"})
    assert (answer.status_code, answer.json["rule"]) == (503, "server.unavailable")
    assert answer.headers["Retry-After"] == "30"


def test_our_own_fault_is_told_as_such(client: FlaskClient, number: str, monkeypatch: Any) -> None:
    monkeypatch.setattr("public_status.embedding.facts_of", lambda *_: 1 / 0)
    answer = client.post("/api/lookup", json={"number": number, "last4": "1234"})
    assert (answer.status_code, answer.json["rule"]) == (500, "server.error")


@pytest.fixture
def embedded(config: Config, public_runtime: PublicRuntime) -> FlaskClient:
    """A site that one other may embed."""
    named = dataclasses.replace(config, embed_origins=frozenset({_ALLOWED}))
    return create_app(dataclasses.replace(public_runtime, config=named)).test_client()


def test_no_other_page_may_read_the_answer_unless_it_is_named(
    client: FlaskClient, embedded: FlaskClient, number: str
) -> None:
    sent: dict[str, Any] = {"json": {"number": number, "last4": "1234"}, "headers": {"Origin": _ALLOWED}}
    closed = client.post("/api/lookup", **sent)
    assert "Access-Control-Allow-Origin" not in closed.headers
    opened = embedded.post("/api/lookup", **sent)
    assert opened.headers["Access-Control-Allow-Origin"] == _ALLOWED
    assert "Access-Control-Allow-Credentials" not in opened.headers
    for answer in (closed, opened):
        assert "Origin" in answer.headers["Vary"]
    wrong = embedded.post("/api/lookup", json={}, headers={"Origin": _ALLOWED})
    assert wrong.status_code == 404
    assert wrong.headers["Access-Control-Allow-Origin"] == _ALLOWED
    assert wrong.headers["Access-Control-Expose-Headers"] == "Retry-After"
    for origin in ("https://wx.example.evil", "http://wx.example", "null", "https://other.example"):
        refused = embedded.post("/api/lookup", json={}, headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in refused.headers
    page = embedded.post("/status", data={}, headers={"Origin": _ALLOWED})
    assert "Access-Control-Allow-Origin" not in page.headers


def test_a_browser_asks_leave_first(embedded: FlaskClient) -> None:
    asked = {
        "Origin": _ALLOWED,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    leave = embedded.options("/api/lookup", headers=asked)
    assert leave.status_code == 200
    assert leave.headers["Access-Control-Allow-Origin"] == _ALLOWED
    assert leave.headers["Access-Control-Allow-Methods"] == "POST"
    assert "Content-Type" in leave.headers["Access-Control-Allow-Headers"]
    other = embedded.options("/api/lookup", headers={**asked, "Origin": "https://other.example"})
    assert "Access-Control-Allow-Methods" not in other.headers


@pytest.mark.parametrize(
    "value",
    [
        "*",
        "null",
        "wx.example",
        "https://wx.example/",
        "https://wx.example/a",
        "ftp://a",
        "http://a:x",
        "http://",
    ],
)
def test_only_origins_can_be_named(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("TRACKER_EMBED_ORIGINS", value)
    with pytest.raises(ConfigError, match="EMBED_ORIGINS"):
        config.load()
    monkeypatch.setenv("TRACKER_EMBED_ORIGINS", "https://WX.example, http://a.example:8080")
    assert config.load().embed_origins == {"https://wx.example", "http://a.example:8080"}


def test_the_document_shows_a_true_answer(
    ask: Ask, number: str, runtime: Runtime, channel: ChannelFacts, plans: None
) -> None:
    examples = [json.loads(one) for one in re.findall(r"```json\n(.*?)```", _DOCUMENT.read_text(), re.DOTALL)]
    answer, problem = (one for one in examples if "last4" not in one)
    at = clock.now() - timedelta(hours=1)
    record_progress(runtime, Actor.of_channel(channel), number, {"stage": "verified", "occurred_at": at})
    City(runtime, channel.operator_id, 0).announce()
    assert becomes(lambda: bool(ask(number).json["plan"]["changes"]))
    assert shape(answer) == shape(ask(number).json)
    assert problem == ask(number, "9999").json


def shape(value: Any) -> Any:
    """Names and types of an answer; of a list, those of its first."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__
