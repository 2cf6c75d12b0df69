"""The copy of what is published: right at the next request, kept without the database, safe in a fork."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from email.utils import parsedate_to_datetime

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url

from public_status import keeper
from public_status.keeper import Keeper, NothingToShowError
from public_status.listener import Listener
from public_status.runtime import PublicRuntime
from tests.published_plans import Publisher, becomes
from tracker import clock
from tracker.db import PUBLIC_ROLE, Database
from tracker.silence import PatientConnection

NEW_YEAR = date(2027, 1, 1)

_NOWHERE = make_url("postgresql+psycopg:///tracker?host=/nowhere")

pytestmark = pytest.mark.usefixtures("morning")


@pytest.fixture
def by_word_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks for the revision now and then: a change shows only because word of it came."""
    monkeypatch.setattr(keeper, "_ASK_SECONDS", 3600.0)


@pytest.mark.usefixtures("by_word_alone")
def test_a_change_shows_at_the_next_request(client: FlaskClient, publisher: Publisher) -> None:
    def shows(words: str, path: str = "/fees?sale=all") -> bool:
        return words in client.get(path).text

    assert not shows("测试套餐")
    row = publisher.plan(version=1)
    assert becomes(lambda: shows("测试套餐"))
    later = publisher.plan(version=2, monthly_fen=13900, on_sale_from=NEW_YEAR)
    change = publisher.announce("price", later, NEW_YEAR)
    assert becomes(lambda: shows(" → ", "/fees/changes"))
    publisher.withdraw_change(change, clock.now())
    publisher.withdraw_plan(later, date(2026, 12, 31))
    assert becomes(lambda: shows("已撤回", "/fees/changes"))
    publisher.withdraw_plan(row, date(2025, 6, 30))
    assert becomes(lambda: shows("已停售"))
    publisher.execute("UPDATE operators SET name = '清远新电信' WHERE code = 'telecom'")
    try:
        assert becomes(lambda: shows("清远新电信"))
        # In the frame of every page, too, kept or not.
        assert shows("清远新电信", "/")
        assert shows("清远新电信", "/nowhere")
    finally:
        publisher.execute("UPDATE operators SET name = '清远电信' WHERE code = 'telecom'")
    assert becomes(lambda: not shows("清远新电信"))


def test_a_change_shows_even_if_no_word_of_it_comes(
    client: FlaskClient, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Listener, "quiet", lambda self: True)
    monkeypatch.setattr(keeper, "_ASK_SECONDS", 0.1)
    client.get("/fees")
    publisher.plan()
    assert becomes(lambda: "测试套餐" in client.get("/fees").text)


def test_an_uncommitted_change_does_not_show(client: FlaskClient, publisher: Publisher) -> None:
    client.get("/fees")
    row = publisher.plan()
    assert becomes(lambda: "测试套餐" in client.get("/fees").text)
    with publisher.undecided("UPDATE plans SET on_sale_to = '2025-06-30' WHERE id = :id", id=row):
        time.sleep(0.05)
        assert "测试套餐" in client.get("/fees").text


def test_a_rename_is_a_later_modification(
    client: FlaskClient, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names bear no date of their own, and who asks by date alone must hear of them all the same."""
    before = client.get("/fees.json").headers["Last-Modified"]
    later = clock.now() + timedelta(days=1000)
    monkeypatch.setattr(clock, "now", lambda: later)
    publisher.execute("UPDATE operators SET hotline = '10001' WHERE code = 'telecom'")
    try:
        assert becomes(lambda: "10001" in client.get("/fees.json").text)
        after = client.get("/fees.json", headers={"If-Modified-Since": before})
        assert after.status_code == 200
        assert parsedate_to_datetime(after.headers["Last-Modified"]) == later
    finally:
        publisher.execute("UPDATE operators SET hotline = '10000' WHERE code = 'telecom'")


@pytest.mark.usefixtures("by_word_alone")
def test_a_listener_that_was_ended_is_replaced_and_misses_nothing(
    client: FlaskClient, publisher: Publisher
) -> None:
    client.get("/fees")
    for number in range(3):
        ended = publisher.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'public-pages' AND datname = current_database()"
        )
        assert ended == 1
        # Published while nobody listens.
        publisher.plan(filing_number=f"24GD19000{number}")
        assert becomes(lambda number=number: f"24GD19000{number}" in client.get("/fees").text)


def test_one_connection_listens_and_only_reads(client: FlaskClient, publisher: Publisher) -> None:
    for _ in range(20):
        client.get("/fees")
    count = publisher.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'public-pages' AND datname = current_database()"
    )
    assert count == 1


@contextmanager
def away(monkeypatch: pytest.MonkeyPatch, kept: Keeper) -> Iterator[None]:
    """The database cannot be reached by this keeper any more."""
    with monkeypatch.context() as patch:
        patch.setattr(kept, "_db", Database(str(_NOWHERE), role=PUBLIC_ROLE))
        kept._stop_listening()
        kept._look_at = 0.0
        yield


def test_without_the_database_the_last_copy_is_shown_as_of_its_time(
    client: FlaskClient, public_runtime: PublicRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_REST_SECONDS", 0.05)
    fresh = client.get("/fees").text
    assert "暂时连接不上" not in fresh
    with away(monkeypatch, public_runtime.published):
        for path in ("/fees", "/fees/changes", "/fees/telecom/24GD100001/441800", "/process", "/standard"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "暂时连接不上数据，以下为 11月24日 08:40 的内容" in answer.text, path
        assert client.get("/fees?lang=en").text.count("24 Nov, 08:40") == 1
    time.sleep(0.1)
    assert client.get("/fees?lang=zh").text == fresh


def test_a_copy_that_is_too_old_is_not_shown(
    client: FlaskClient, public_runtime: PublicRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/fees")
    monkeypatch.setattr(keeper, "_REST_SECONDS", 0.05)
    monkeypatch.setattr(keeper, "STALE_SECONDS", 0.0)
    with away(monkeypatch, public_runtime.published):
        answer = client.get("/fees")
        assert answer.status_code == 503
        assert "公示内容暂时不可用" in answer.text
        assert answer.headers["Retry-After"] == "30"
        assert "10086" in answer.text, "hotlines do not grow old"
        assert client.get("/").status_code == 200
        assert client.get("/fees.json").status_code == 503
    time.sleep(0.1)
    assert client.get("/fees").status_code == 200


def test_without_database_and_copy_there_is_a_page_that_says_so(
    client: FlaskClient, public_runtime: PublicRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with away(monkeypatch, public_runtime.published):
        assert client.get("/fees").status_code == 503
        assert client.get("/").status_code == 200
        assert list(public_runtime.published.operators()) == []


def test_a_database_that_is_away_is_not_asked_by_every_request(
    client: FlaskClient, public_runtime: PublicRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[object] = []

    def refuse(*given: object, **_: object) -> None:
        tries.append(given)
        raise psycopg.OperationalError("connection refused")

    client.get("/fees")
    with away(monkeypatch, public_runtime.published), monkeypatch.context() as patch:
        patch.setattr(PatientConnection, "connect", refuse)
        for _ in range(50):
            assert client.get("/fees").status_code == 200
    assert len(tries) == 1


@pytest.mark.usefixtures("own_pools")
def test_a_pooled_connection_that_died_is_replaced(
    client: FlaskClient, public_runtime: PublicRuntime, publisher: Publisher
) -> None:
    client.get("/fees")
    publisher.execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'tracker_public'"
    )
    publisher.plan()
    assert becomes(lambda: "测试套餐" in client.get("/fees").text)
    assert "暂时连接不上" not in client.get("/fees").text


def test_a_fork_listens_for_itself_and_leaves_its_parents_connection_alone(
    public_app: Flask, publisher: Publisher
) -> None:
    client = public_app.test_client()
    client.get("/fees")
    reader, writer = os.pipe()
    go_reader, go_writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            first = client.get("/fees").text
            os.write(writer, b"1")
            os.read(go_reader, 1)
            seen = becomes(lambda: "测试套餐" in client.get("/fees").text)
            status = 0 if "千兆家庭套餐" in first and "测试套餐" not in first and seen else 2
        finally:
            os._exit(status)
    assert os.read(reader, 1) == b"1"
    listening = publisher.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'public-pages' AND datname = current_database()"
    )
    publisher.plan()
    os.write(go_writer, b"1")
    _, status = os.waitpid(child, 0)
    for one in (reader, writer, go_reader, go_writer):
        os.close(one)
    assert os.waitstatus_to_exitcode(status) == 0
    assert listening == 2
    assert becomes(lambda: "测试套餐" in client.get("/fees").text), "the parent still hears"


def test_closing_ends_the_connection(public_runtime: PublicRuntime, publisher: Publisher) -> None:
    kept = Keeper(public_runtime.db)
    kept.current()
    kept.close()

    def listening() -> int:
        return int(
            publisher.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE application_name = 'public-pages' AND datname = current_database()"
            )
        )

    assert becomes(lambda: listening() == 0)
    kept.close()


def test_a_keeper_without_a_database_says_that_there_is_nothing() -> None:
    kept = Keeper(Database(str(_NOWHERE), role=PUBLIC_ROLE))
    for _ in range(2):
        with pytest.raises(NothingToShowError):
            kept.current()


def test_days_pass_in_the_copy_that_stays(
    client: FlaskClient, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.plan(version=1, monthly_fen=8800)
    publisher.plan(version=2, monthly_fen=9900, on_sale_from=clock.today() + timedelta(days=1))
    assert "88 元/月" in client.get("/fees?q=测试套餐").text
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    assert "99 元/月" in client.get("/fees?q=测试套餐").text
