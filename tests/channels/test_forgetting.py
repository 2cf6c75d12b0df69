"""What is remembered of requests is forgotten once nobody can repeat them, and not before."""

from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from tracker import clock, queueing
from tracker.channels import forget_requests as forgetting
from tracker.channels.forget_requests import forget_requests
from tracker.channels.models import IdempotencyRecord, UsedNonce
from tracker.config import Config
from tracker.db import Database
from workers import jobs, schedule


def fill(database: Database, channel, *ages: timedelta) -> None:
    """An answer and a nonce of each age."""
    now = clock.now()
    whose = {"channel_id": channel.id, "operator_id": channel.operator_id}
    with database.transaction() as connection:
        for n, age in enumerate(ages):
            answer = {"fingerprint": b"", "status": 201, "headers": {}, "body": {}}
            connection.execute(
                insert(IdempotencyRecord).values(**whose, **answer, key=f"k{n}", created_at=now - age)
            )
            connection.execute(insert(UsedNonce).values(**whose, nonce=f"nonce-{n:016}", used_at=now - age))


def left(database: Database) -> tuple[int, int]:
    with database.reading() as connection:
        answers, nonces = (
            connection.scalar(select(func.count()).select_from(table))
            for table in (IdempotencyRecord, UsedNonce)
        )
    return answers or 0, nonces or 0


def test_answers_are_kept_for_seven_days_and_nonces_for_an_hour(database, channel) -> None:
    week, hour, moment = timedelta(days=7), timedelta(hours=1), timedelta(seconds=30)
    fill(database, channel, week + moment, week - moment, hour + moment, hour - moment)
    assert forget_requests(database) == 1 + 3
    assert left(database) == (3, 1)
    assert forget_requests(database) == 0


def test_a_nonce_is_kept_for_longer_than_its_signature_is_good(signed, send, database) -> None:
    """One signed five minutes ahead is good for ten."""
    from tracker.channels.signatures import TOLERANCE

    assert forgetting.NONCES_KEPT > 2 * TOLERANCE
    request = signed()
    assert send(request).status_code == 200
    forget_requests(database)
    assert send(request).json["rule"] == "signature.replayed"


def test_many_are_forgotten_in_small_transactions(database, channel, monkeypatch) -> None:
    monkeypatch.setattr(forgetting, "_CHUNK", 3)
    fill(database, channel, *[timedelta(days=8)] * 10)
    assert forget_requests(database) == 20
    assert left(database) == (0, 0)


def test_a_round_ends_when_its_worker_is_told_to(database, channel, monkeypatch) -> None:
    fill(database, channel, *[timedelta(days=8)] * 3)
    queueing.STOPPING.set()
    try:
        assert forget_requests(database) == 0
    finally:
        queueing.STOPPING.clear()
    monkeypatch.setattr(forgetting, "_LONGEST_SECONDS", -1.0)
    assert forget_requests(database) == 0
    assert left(database) == (3, 3)


@pytest.mark.usefixtures("settings")
def test_the_schedule_rings_for_it(database, channel, config: Config) -> None:
    assert schedule.jobs(config)["workers.jobs.forget_requests"][0] == "upkeep"
    fill(database, channel, timedelta(days=8))
    jobs.runtime.cache_clear()
    jobs.forget_requests()
    jobs.runtime().close()
    jobs.runtime.cache_clear()
    assert left(database) == (0, 0)
