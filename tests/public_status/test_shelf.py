"""Pages kept in memory: the right one for everybody, nothing asked of the database, nothing sent twice."""

import gzip
import io
import json
import logging
import re
import threading
import time
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.http import http_date

from public_status import keeper, shelf
from public_status.listener import Listener
from public_status.runtime import PublicRuntime
from public_status.shelf import Shelf
from tests.published_plans import Publisher, becomes
from tracker import clock

PAGES = (
    "/fees",
    "/fees/changes",
    "/fees/compare",
    "/fees/telecom/24GD100001/441800",
    "/process",
    "/standard",
)
FILES = ("/fees.json", "/fees.csv", "/fees/schema.json")

pytestmark = pytest.mark.usefixtures("morning")


def shelf_of(app: Flask) -> Shelf:
    kept: Shelf = app.extensions["shelf"]
    return kept


def watch(runtime: PublicRuntime, asked: list[str]) -> None:
    for engine in (runtime.db.engine, runtime.db.autocommitting):
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))


def test_a_burst_of_readers_asks_the_database_nothing(
    client: FlaskClient, public_runtime: PublicRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    watch(public_runtime, asked)
    ask = Listener._ask
    monkeypatch.setattr(Listener, "_ask", lambda self: asked.append("revision") or ask(self))
    for path in (*PAGES, *FILES):
        client.get(path)
    assert asked
    asked.clear()
    began = time.monotonic()
    for _ in range(100):
        for path in (*PAGES, *FILES):
            assert client.get(path).status_code == 200
    seconds = time.monotonic() - began
    assert set(asked) <= {"revision"}
    assert len(asked) <= seconds / keeper._ASK_SECONDS + 1


def test_even_what_is_not_kept_yet_needs_no_database(
    client: FlaskClient, public_runtime: PublicRuntime
) -> None:
    client.get("/fees")
    asked: list[str] = []
    watch(public_runtime, asked)
    for path in ("/fees?q=gigabit", "/standard?audience=enterprise", "/", "/nowhere", "/fees/1"):
        client.get(path)
    assert not asked


@pytest.mark.parametrize("path", [*PAGES, *FILES])
def test_who_has_a_page_is_told_so(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    tag = first.headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag), "a strong tag"
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = client.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.data) == (304, b"")
        for name in ("ETag", "Vary", "Cache-Control", "Last-Modified", "Content-Security-Policy"):
            assert again.headers[name] == first.headers[name]
        assert "Content-Type" not in again.headers
    changed = {"If-None-Match": '"other"', "If-Modified-Since": http_date(clock.now())}
    assert client.get(path, headers=changed).status_code == 200, "a date beside a tag does not count"


@pytest.mark.parametrize("path", ["/fees", "/fees.csv"])
def test_a_date_is_enough_to_be_told_so(client: FlaskClient, path: str) -> None:
    modified = client.get(path).headers["Last-Modified"]
    assert client.get(path, headers={"If-Modified-Since": modified}).status_code == 304
    earlier = http_date(parsedate_to_datetime(modified) - timedelta(seconds=1))
    for since in (earlier, "nonsense", ""):
        assert client.get(path, headers={"If-Modified-Since": since}).status_code == 200


def test_a_page_is_another_from_midnight_on(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.get("/fees")
    tomorrow = clock.now() + timedelta(days=1000)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    second = client.get("/fees", headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200
    assert "2029年8月20日" in second.text
    modified = parsedate_to_datetime(second.headers["Last-Modified"])
    assert clock.local(modified) == datetime(2029, 8, 20, tzinfo=clock.CITY_ZONE)
    assert client.get("/fees.json").headers["Last-Modified"] != second.headers["Last-Modified"]


@pytest.mark.parametrize("path", [*PAGES, *FILES])
def test_both_forms_of_a_page_have_tags_of_their_own(client: FlaskClient, path: str) -> None:
    plain = client.get(path)
    packed = client.get(path, headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert int(packed.headers["Content-Length"]) == len(packed.data)
    assert "Accept-Encoding" in packed.headers["Vary"]
    for refused in ("identity", "gzip;q=0", "br"):
        assert "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": refused}).headers
    known = {"Accept-Encoding": "gzip", "If-None-Match": plain.headers["ETag"]}
    assert client.get(path, headers=known).status_code == 200, "the tag is the other form's"


def test_head_is_get_without_a_body(client: FlaskClient) -> None:
    got, headed = client.get("/fees"), client.head("/fees")
    assert headed.data == b""
    assert dict(headed.headers) == dict(got.headers)


def test_languages_and_letter_sizes_are_never_mixed_up(client: FlaskClient, public_app: Flask) -> None:
    def ask(path: str, cookie: str, accepted: str) -> tuple[str, bool]:
        headers = {"Accept-Language": accepted} | ({"Cookie": cookie} if cookie else {})
        page = public_app.test_client(use_cookies=False).get(path, headers=headers).text
        return page.split('<html lang="')[1].split('"')[0], "data-elder" in page.split(">")[1]

    expected = {
        ("/fees", "", ""): ("zh-CN", False),
        ("/fees", "", "en-GB,en;q=0.9"): ("en", False),
        ("/fees", "", "fr, zh;q=0.5"): ("zh-CN", False),
        ("/fees", "lang=en", "zh-CN"): ("en", False),
        ("/fees", "lang=en; elder=1", ""): ("en", True),
        ("/fees", "elder=1", "zh"): ("zh-CN", True),
        ("/fees", "lang=xx; elder=yes", "zh"): ("zh-CN", False),
        ("/fees?lang=zh", "lang=en", "en"): ("zh-CN", False),
        ("/fees?elder=0", "elder=1", "zh"): ("zh-CN", False),
        ("/fees?elder=1&lang=en&elder=0", "", "zh"): ("en", True),
    }
    for _ in range(2):
        for (path, cookie, accepted), page in expected.items():
            assert ask(path, cookie, accepted) == page, (path, cookie, accepted)
    assert len(shelf_of(public_app)) == 4


def test_a_choice_is_kept_by_a_cookie_and_only_of_who_chose(client: FlaskClient, public_app: Flask) -> None:
    chosen = client.get("/fees?lang=en&elder=1")
    assert {one.split(";")[0] for one in chosen.headers.getlist("Set-Cookie")} == {"lang=en", "elder=1"}
    assert all("HttpOnly" in one and "SameSite=Lax" in one for one in chosen.headers.getlist("Set-Cookie"))
    assert '<html lang="en" data-elder>' in client.get("/fees/changes").text
    assert "Set-Cookie" not in client.get("/fees").headers
    known = {"If-None-Match": chosen.headers["ETag"]}
    again = client.get("/fees?lang=en&elder=1", headers=known)
    assert again.status_code == 304
    assert len(again.headers.getlist("Set-Cookie")) == 2
    missing = client.get("/fees/telecom/nothing/441800?lang=zh")
    assert missing.status_code == 404
    assert missing.headers.getlist("Set-Cookie")[0].startswith("lang=zh")
    assert len(missing.headers.getlist("Set-Cookie")) == 1


def test_what_a_page_does_not_depend_on_makes_no_further_page(client: FlaskClient, public_app: Flask) -> None:
    first = client.get("/fees?audience=home&q=千兆")
    for query in (
        "q=千兆&audience=home",
        "q=千兆&audience=home&utm_source=x&page=7",
        "q=++千兆++&audience=home&audience=enterprise&operator=",
        f"audience=home&q=千兆&junk={'x' * 500}",
    ):
        assert client.get(f"/fees?{query}").data == first.data
    assert len(shelf_of(public_app)) == 1
    for number in range(50):
        client.get(f"/fees/changes?x={number}")
        client.get(f"/fees/telecom/{number}/441800")
    assert len(shelf_of(public_app)) == 2


def test_the_shelf_has_an_end(
    client: FlaskClient, public_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "_MOST_PAGES", 5)
    for number in range(12):
        client.get(f"/fees?q={number}")
        client.get("/fees")
    assert len(shelf_of(public_app)) == 5
    monkeypatch.setattr(shelf, "_MOST_BYTES", 1)
    client.get("/fees?q=full")
    assert len(shelf_of(public_app)) == 0
    assert client.get("/fees?q=full").status_code == 200


def test_broken_queries_are_answered(public_app: Flask) -> None:
    client = public_app.test_client()
    for query in (
        "q=%",
        "q=%ff%fe",
        "q=%00",
        "&&&=&=1",
        "q=" + "a" * 5000,
        "&".join(f"plan={n}" for n in range(900)),
    ):
        for path in ("/fees", "/fees/compare"):
            environ = {"QUERY_STRING": query}
            assert client.get(path, environ_overrides=environ).status_code == 200, query
    assert client.get("/fees", environ_overrides={"QUERY_STRING": "q=\xe5\x8d\x83"}).status_code == 200


def test_every_answer_has_its_headers_and_its_line_in_the_log(client: FlaskClient) -> None:
    written = io.StringIO()
    logging.getLogger().handlers[0].setStream(written)  # type: ignore[attr-defined] - a StreamHandler
    wanted = {
        "/fees": 200,
        "/fees?q=secret": 200,
        "/fees/telecom/24GD100001/441800": 200,
        "/fees/telecom/x/441800": 404,
        "/fees/1": 301,
        "/fees.json": 200,
    }
    for _ in range(2):
        for path, status in wanted.items():
            answer = client.get(path)
            assert answer.status_code == status
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    lines = [json.loads(line) for line in written.getvalue().splitlines() if '"request"' in line]
    assert [line["status"] for line in lines] == list(wanted.values()) * 2
    assert [line["route"] for line in lines[:2]] == ["/fees", "/fees"]
    assert lines[2]["route"] == lines[8]["route"] == "/fees/<operator>/<path:filing_number>/<region>"
    assert "secret" not in written.getvalue()


def test_only_reading_is_answered(client: FlaskClient) -> None:
    for path in PAGES:
        assert client.post(path).status_code == 405
        assert client.delete(path).status_code == 405


def test_a_page_never_stays_behind_a_publication(
    client: FlaskClient, public_app: Flask, publisher: Publisher
) -> None:
    """Readers in many threads, and a price that changes under them: nobody sees an older one again."""
    publisher.plan(version=1, monthly_fen=10000)
    assert becomes(lambda: "100 元/月" in client.get("/fees?q=测试套餐").text)
    stop = threading.Event()
    faults: list[str] = []

    def read() -> None:
        reader, last = public_app.test_client(), 0
        while not stop.is_set():
            page = reader.get("/fees?q=测试套餐").text
            price = int(page.split("<strong>")[1].split(" ")[0])
            if price < last:
                faults.append(f"{price} after {last}")
            last = price

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for version in range(2, 12):
        begins = clock.today() - timedelta(days=100 - version)
        publisher.plan(version=version, monthly_fen=10000 + version * 100, on_sale_from=begins)
    seen = becomes(lambda: "111 元/月" in client.get("/fees?q=测试套餐").text)
    stop.set()
    for reader in readers:
        reader.join()
    assert seen
    assert not faults
