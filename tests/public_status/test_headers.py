"""What every answer carries, and the files beside the pages."""

import dataclasses
import gzip
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from public_status import create_app
from public_status.runtime import PublicRuntime, start
from tracker.config import Config
from tracker.db import PUBLIC_ROLE
from tracker.orders.place_orders import Placed

LookUp = Callable[..., TestResponse]


@pytest.fixture
def number(place: Callable[..., Placed]) -> str:
    return place().number


def test_every_answer_carries_its_headers(look_up: LookUp, client: FlaskClient, number: str) -> None:
    for answer in (look_up(number), look_up(number, "9999"), client.get("/"), client.get("/nowhere")):
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Strict-Transport-Security" not in answer.headers
    for answer in (look_up(number), look_up(number, "9999")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"


def test_secure_cookies_and_hsts_go_together(config: Config) -> None:
    run = start(dataclasses.replace(config, secure_cookies=True))
    answer = create_app(run).test_client().get("/?elder=1")
    run.close()
    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"]


def test_the_address_of_a_status_is_the_form(client: FlaskClient) -> None:
    answer = client.get("/status")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_the_style_sheet_is_small_hashed_and_kept(client: FlaskClient) -> None:
    address = client.get("/fees").text.split('rel="stylesheet" href="')[1].split('"')[0]
    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < 13_500
    plain = client.get(address)
    assert plain.mimetype == "text/css"
    assert "Content-Encoding" not in plain.headers
    for answer in (packed, plain):
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert "immutable" in answer.headers["Cache-Control"]
        answer.close()


def test_the_front_page_carries_its_own_sheet_and_no_other_may(client: FlaskClient) -> None:
    page = client.get("/")
    sheet = page.text.split("<style>")[1].split("</style>")[0]
    digest = b64encode(sha256(sheet.encode()).digest()).decode()
    policy = page.headers["Content-Security-Policy"]
    assert f"style-src 'self' 'sha256-{digest}';" in policy
    assert "unsafe" not in policy
    packed = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == page.data
    assert len(packed.data) < 12_000
    again = client.get("/", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_site_reads_only_what_it_shows(public_runtime: PublicRuntime) -> None:
    with public_runtime.db.reading() as connection:
        assert connection.scalar(text("SELECT current_user")) == PUBLIC_ROLE
        for column in ("customer_name", "contact_phone", "address_detail"):
            allowed = connection.scalar(text(f"SELECT has_column_privilege('orders', '{column}', 'SELECT')"))
            assert allowed is False


def test_health(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "alive"}
