"""The examples of docs/channels.md, run as they stand there against a service behind a real socket."""

import json
import os
import re
import shutil
import subprocess
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.serving import app_of, served
from tracker.api.portals.load import sample
from tracker.channels.create_key import NewKey
from tracker.channels.forget_requests import ANSWERS_KEPT
from tracker.orders.models import Order
from tracker.runtime import Runtime

_ROOT = Path(__file__).parents[2]
_GUIDE = (_ROOT / "docs" / "channels.md").read_text(encoding="utf-8")


@pytest.fixture
def service(runtime: Runtime) -> Iterator[str]:
    with served(app_of(runtime)) as address:
        yield address


def example(language: str) -> str:
    found = re.search(rf"<!-- tested: {language} -->\n```{language}\n(.*?)```", _GUIDE, re.DOTALL)
    assert found
    assert len(found[1].splitlines()) <= 16, "an example that is read to its end"
    return found[1]


@pytest.mark.skipif(not (shutil.which("openssl") and shutil.which("curl")), reason="needs openssl and curl")
def test_the_shell_example_places_an_order(service: str, signing_key: NewKey, runtime: Runtime) -> None:
    environment = {
        **os.environ,
        "SERVICE": service,
        "APP_ID": str(signing_key.app_id),
        "APP_SECRET": signing_key.secret,
        "NO_PROXY": "127.0.0.1",
    }
    ended = subprocess.run(
        ["sh", "-euc", example("sh")], env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    order = json.loads(ended.stdout)
    assert order["stage"] == "accepted", order
    with runtime.db.reading() as connection:
        assert connection.scalar(select(Order.number)) == order["number"]


@pytest.fixture
def call(service: str, signing_key: NewKey) -> Callable[..., Any]:
    """The documented function."""
    room: dict[str, Any] = {}
    exec(compile(example("python"), "docs/channels.md", "exec"), room)

    def go(*arguments: Any, secret: str = signing_key.secret, **how: Any) -> Any:
        return json.loads(room["call"](service, signing_key.app_id, secret, *arguments, **how))

    return go


def test_the_python_example_places_and_finds_an_order(call, order_body) -> None:
    body = json.dumps(order_body(customer__name="欧阳春雨")).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": "one"}
    placed = call("POST", "/api/v1/orders", body=body, headers=headers)
    listed = call("GET", "/api/v1/orders", query=[("stage", "accepted"), ("limit", "5")])
    assert [order["number"] for order in listed["orders"]] == [placed["number"]]
    assert call("GET", f"/api/v1/orders/{placed['number']}")["number"] == placed["number"]


@pytest.mark.parametrize(
    ("query", "path", "status"),
    [
        ([("stage", "已受理 &=%+/?#")], "/api/v1/orders", 422),
        ([("stage", "accepted"), ("limit", "0"), ("limit", "0"), ("é", "")], "/api/v1/orders", 422),
        ([], "/api/v1/orders/单 号%2F~", 404),
    ],
)
def test_whatever_is_in_the_address_its_signature_holds(call, query, path, status) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        call("GET", path, query=query)
    answer = refused.value
    assert answer.code == status, answer.read()
    answer.close()


def test_with_another_secret_it_does_not(call) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        call("GET", "/api/v1/orders", secret="trs_other")
    assert json.loads(refused.value.read())["rule"] == "signature.wrong"
    refused.value.close()


def test_the_guide_says_how_long_answers_are_kept_and_what_is_a_sample() -> None:
    assert ANSWERS_KEPT.days == 7
    assert re.search(r"Answers are kept for\s+seven days", _GUIDE)
    assert re.search(r"portal-sample\.toml\) is a \*\*sample \(样例\)\*\*", _GUIDE)
    assert (_ROOT / "tracker" / "data" / sample().name).exists()
