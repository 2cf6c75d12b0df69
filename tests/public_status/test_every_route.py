"""What holds of every address of the site, found by walking through them all."""

import dataclasses
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from public_status import create_app, tickets
from public_status.keeper import Keeper
from public_status.runtime import PublicRuntime, start
from tracker import clock
from tracker.config import Config
from tracker.db import PUBLIC_ROLE, Database

# Open to everybody and the same for all: they may be kept, and found by search engines.
OPEN = re.compile(
    r"/($|fees|process|standard|outages|figures|static/|healthz|accessibility|privacy|developers|print)"
)
# They show nothing from the database.
STAND_ALONE = re.compile(
    r"GET /($|static/|healthz|accessibility|privacy|developers|print|lost-number|\w+/schema)"
)

# Data that search engines read is no script.
_IN_THE_PAGE = re.compile(
    r"<script(?![^>]*\b(src=|type=.application/(ld.)?json))|\son\w+=|\sstyle=|javascript:"
)

_POLICY = {
    "default-src": {"'none'"},
    "script-src": {"'self'"},
    "form-action": {"'self'"},
    "base-uri": {"'none'"},
    "frame-ancestors": {"'none'"},
}


def addresses(app: Flask) -> list[tuple[str, str]]:
    """Every method and address; variables are filled with what nothing has, or the first word of a few."""
    return sorted(
        (method, re.sub(r"<[^>]+>", "999999999", re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


@pytest.fixture
def secure(config: Config, clean: None) -> Iterator[Flask]:
    run = start(dataclasses.replace(config, secure_cookies=True, public_site_url="https://status.example"))
    yield create_app(run)
    run.close()


def test_every_answer_of_every_route_carries_its_headers(secure: Flask) -> None:
    client = secure.test_client()
    walked = addresses(secure)
    assert ("POST", "/status") in walked
    assert len(walked) > 10
    for method, address in [*walked, ("GET", "/nowhere"), ("PUT", "/status")]:
        answer = client.open(address, method=method)
        where = f"{method} {address}: {answer.status_code}"
        policy = {
            name: set(values)
            for name, *values in (one.split() for one in answer.headers["Content-Security-Policy"].split(";"))
        }
        for name, values in _POLICY.items():
            assert policy[name] == values, where
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"} & set().union(
            *policy.values()
        )
        assert len(answer.headers.getlist("Content-Security-Policy")) == 1, where
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000"), where
        assert answer.headers["X-Content-Type-Options"] == "nosniff", where
        assert answer.headers["Referrer-Policy"] == "no-referrer", where
        for cookie in answer.headers.getlist("Set-Cookie"):
            assert {"Secure", "HttpOnly"} <= {one.strip() for one in cookie.split(";")}, where
        if method != "GET" or not OPEN.match(address):
            if answer.status_code in (303, 404, 405):
                continue
            assert answer.headers["Cache-Control"] == "no-store", where
            assert "noindex" in answer.headers["X-Robots-Tag"], where
        answer.close()


def test_no_page_holds_a_script_or_a_style_of_its_own(client: FlaskClient, public_app: Flask) -> None:
    """The policy would stop them; a page that needs them would be broken."""
    for method, address in addresses(public_app):
        answer = client.open(address, method=method)
        if answer.mimetype == "text/html":
            assert not _IN_THE_PAGE.search(answer.text), address
        answer.close()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("elder", ["0", "1"])
def test_without_a_database_every_route_says_so(
    public_runtime: PublicRuntime, language: str, elder: str
) -> None:
    public_runtime.published.operators()
    gone = Database("postgresql+psycopg:///tracker?host=/nowhere", role=PUBLIC_ROLE)
    # The hotlines are known from before; what is published is not.
    app = create_app(dataclasses.replace(public_runtime, db=gone, published=Keeper(gone)))
    client = app.test_client()
    client.set_cookie("lang", language)
    client.set_cookie("elder", elder)
    client.set_cookie("order_session", "a token that may be right", path="/order")
    number = "QY261123K7M4QZX"
    ticket = tickets.issue(public_runtime.keys, number, clock.now())
    asked = {"number": number, "last4": "1234", "phone": "13800001234", "code": "123456"}
    for method, address in addresses(app):
        data = asked if method == "POST" else None
        if address.startswith("/code"):
            data = {**asked, "ticket": ticket, "send": "1"}
        answer = client.open(address, method=method, data=data)
        where = f"{method} {address}: {answer.status_code}"
        if STAND_ALONE.match(f"{method} {address}") or answer.status_code in (303, 405):
            assert answer.status_code in (200, 303, 404, 405), where
        else:
            assert answer.status_code == 503, where
            assert answer.headers["Retry-After"] == "30", where
            said = answer.get_data(as_text=True)
            if answer.mimetype == "text/html":
                assert ("暂时不可用" in said) == (language == "zh"), where
                assert ("data-elder" in said) == (elder == "1"), where
                assert ("hotline" in said) == (language == "en") or "客服热线" in said, where
            assert "没有查到" not in said, where
        answer.close()
