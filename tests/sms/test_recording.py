"""The recording gateway: what it accepted can be found, read back and shown masked."""

import os
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tracker.crypto import KeyRing
from tracker.db import Database
from tracker.sms.models import RecordedText
from tracker.sms.port import SECRET_SHOWN, Absent, Accepted, CannotTell, Found, NotSent, Sms, Unknown
from tracker.sms.queries import recent
from tracker.sms.recording import RECIPIENT_COLUMN, RecordingGateway

SMS = Sms(41, "+8613800001234", "订单QY2611080123已派单，咨询10000。【清远电信】")
BATCH = [Sms(n, f"+86138000{n:05d}", f"订单{n}，100%【清远电信】") for n in range(300)]


@pytest.fixture
def gateway(database: Database, keys: KeyRing) -> RecordingGateway:
    return RecordingGateway(database, keys)


@pytest.fixture
def unreachable(keys: KeyRing) -> RecordingGateway:
    return RecordingGateway(Database("postgresql+psycopg://nobody@/none?host=/nonexistent"), keys)


def just_now() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=5)


def test_a_text_is_kept_as_the_phone_would_show_it_and_its_number_is_sealed(
    database: Database, keys: KeyRing, gateway: RecordingGateway
) -> None:
    outcome = gateway.send(SMS)
    with database.reading() as connection:
        row = connection.execute(select(RecordedText.__table__)).one()
    assert outcome == Accepted(f"rec-{row.id}")
    assert (row.notice_id, row.body, row.recipient_masked) == (41, SMS.body, "138****1234")
    assert b"13800001234" not in row.recipient
    assert keys.open(row.recipient, RECIPIENT_COLUMN) == SMS.to


def test_the_providers_side_survives_our_rollback(database: Database, gateway: RecordingGateway) -> None:
    began = just_now()
    with database.transaction() as connection:
        gateway.send(SMS)
        connection.rollback()
    assert isinstance(gateway.find(SMS, began), Found)


def test_a_batch_keeps_its_order(database: Database, gateway: RecordingGateway) -> None:
    outcomes = gateway.send_many(BATCH)
    with database.reading() as connection:
        ids = {row.notice_id: row.id for row in connection.execute(select(RecordedText.__table__))}
    assert outcomes == [Accepted(f"rec-{ids[sms.notice_id]}") for sms in BATCH]
    assert gateway.send_many([]) == []


def test_a_text_sent_twice_shows_twice(database: Database, keys: KeyRing, gateway: RecordingGateway) -> None:
    gateway.send(SMS)
    gateway.send(SMS)
    with database.reading() as connection:
        assert len(recent(connection, keys, 10)) == 2


def test_found_from_the_time_asked_about_only(gateway: RecordingGateway) -> None:
    assert gateway.find(SMS, just_now()) == Absent()
    outcome = gateway.send(SMS)
    assert isinstance(outcome, Accepted)
    assert gateway.find(SMS, just_now()) == Found(outcome.reference, "delivered")
    assert gateway.find(SMS, datetime.now(UTC) + timedelta(seconds=5)) == Absent()
    assert gateway.find(Sms(42, SMS.to, SMS.body), just_now()) == Absent()


def test_without_a_connection_nothing_was_sent_and_nothing_can_be_told(unreachable: RecordingGateway) -> None:
    assert unreachable.send_many(BATCH[:2]) == [NotSent("OperationalError")] * 2
    assert unreachable.find(SMS, just_now()) == CannotTell("OperationalError")


@pytest.mark.usefixtures("own_pools")
def test_a_connection_lost_before_the_commit_leaves_nothing(
    database: Database, keys: KeyRing, gateway: RecordingGateway
) -> None:
    with database.engine.connect() as pooled:
        pipe = pooled.connection.driver_connection.fileno()
        with socket.socket(fileno=os.dup(pipe)) as wire:
            pooled.rollback()
            wire.shutdown(socket.SHUT_RDWR)
    first, second = gateway.send(SMS), gateway.send(SMS)
    assert first == NotSent("OperationalError")
    assert isinstance(second, Accepted)
    with database.reading() as connection:
        assert len(recent(connection, keys, 10)) == 1


def test_a_commit_whose_answer_is_lost_leaves_it_open_and_find_settles_it(
    database: Database, gateway: RecordingGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = database.engine.dialect.do_commit

    def commit_then_fail(connection: Any) -> None:
        real(connection)
        raise OperationalError("commit", {}, Exception("server closed the connection"))

    began = just_now()
    with monkeypatch.context() as patch:
        patch.setattr(database.engine.dialect, "do_commit", commit_then_fail)
        assert gateway.send(SMS) == Unknown("OperationalError")
    assert isinstance(gateway.find(SMS, began), Found)


def test_latency_is_paid_once_a_call(database: Database, keys: KeyRing) -> None:
    began = time.monotonic()
    RecordingGateway(database, keys, latency=0.2).send_many(BATCH)
    assert 0.2 <= time.monotonic() - began < 5


def test_the_demonstrations_phone_shows_the_newest_first_and_searches_literally(
    database: Database, keys: KeyRing, gateway: RecordingGateway
) -> None:
    gateway.send_many([*BATCH, SMS])
    with database.reading() as connection:
        newest = recent(connection, keys, 3)
        found = recent(connection, keys, 500, search="100%")
        assert recent(connection, keys, 500, search="%QY") == []
        assert [view.body for view in recent(connection, keys, 5, search="QY2611080123")] == [SMS.body]
    assert [view.body for view in newest] == [SMS.body, BATCH[299].body, BATCH[298].body]
    assert newest[0].recipient_masked == "138****1234"
    assert newest[0].accepted_at.tzinfo is not None
    assert len(found) == 300


def test_a_code_lies_sealed_and_shows_on_the_demonstrations_phone(
    database: Database, keys: KeyRing, gateway: RecordingGateway
) -> None:
    sms = Sms(43, "+8613800001234", "验证码384921，10分钟内有效。【清远电信】", secret="384921")
    gateway.send(sms)
    with database.reading() as connection:
        row = connection.execute(select(RecordedText.__table__)).one()
        assert [view.body for view in recent(connection, keys, 5)] == [sms.body]
        assert recent(connection, keys, 5, search="384921") == []
    assert row.body == f"验证码{SECRET_SHOWN}，10分钟内有效。【清远电信】"
    assert b"384921" not in bytes(row.sealed)
    assert "384921" not in repr(sms)
