"""A key's life: it ends to the instant, is followed without a gap, is revoked for good; its use is seen."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, text

from tracker import clock
from tracker.channels import note_use
from tracker.channels.create_key import NewKey, create_key, create_signed_key
from tracker.channels.end_key import revoke_key, rotate_key
from tracker.channels.models import ChannelKey, ChannelKeyUse
from tracker.channels.queries import channel_key, channel_keys
from tracker.channels.rules import KeyState, hash_of
from tracker.db import Database
from tracker.problems import Refusal

ORDERS = "/api/v1/orders"
WEEK = timedelta(days=7)


def answer(client: FlaskClient, secret: str) -> tuple[int, str | None]:
    found = client.get(ORDERS, headers={"Authorization": f"Bearer {secret}"})
    return found.status_code, found.json.get("rule")


def id_of(database: Database, secret: str) -> int:
    with database.reading() as connection:
        return connection.execute(
            select(ChannelKey.id).where(ChannelKey.secret_sha256 == hash_of(secret))
        ).scalar_one()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the clock."""
    return lambda instant: monkeypatch.setattr(clock, "now", lambda: instant)


def refused(act: Callable[[], object]) -> list[str]:
    with pytest.raises(Refusal) as refusal:
        act()
    return [fault.rule for fault in refusal.value.faults]


def test_a_key_ends_at_its_instant_though_nothing_changes_in_the_database(client, database, channel, at):
    end = clock.now() + timedelta(days=1)
    secret = create_key(database, channel, expires_at=end)
    at(end - timedelta(microseconds=1))
    assert answer(client, secret) == (200, None)
    at(end)
    assert answer(client, secret) == (401, "key.expired")


def test_a_revoked_key_opens_nothing_from_the_commit_on(client, database, channel) -> None:
    secret, other = create_key(database, channel), create_key(database, channel)
    assert answer(client, secret) == (200, None)
    revoke_key(database, channel.operator_id, id_of(database, secret), "staff:wang.min")
    assert answer(client, secret) == (401, "key.unknown")
    assert answer(client, other) == (200, None)


def test_both_keys_are_good_while_they_overlap(client, database, keys, channel, at) -> None:
    now = clock.now()
    old = create_key(database, channel, scopes=["orders", "rules"], label="主站", rate_limit="9 per second")
    made = rotate_key(database, keys, channel.operator_id, id_of(database, old), "staff:wang.min")
    assert [answer(client, secret)[0] for secret in (old, made.secret)] == [200, 200]
    at(now + WEEK - timedelta(minutes=1))
    assert answer(client, old) == (200, None)
    at(now + WEEK + timedelta(minutes=1))
    assert [answer(client, secret)[0] for secret in (old, made.secret)] == [401, 200]
    with database.reading() as connection:
        new, before = channel_keys(connection, channel.operator_id, clock.now())
    assert (new.scopes, new.label, new.rate_limit) == (["orders", "rules"], "主站", "9 per second")
    assert (new.replaces, before.followed_by, new.created_by) == (before.id, new.id, "staff:wang.min")
    assert (new.state, before.state, new.expires_at) == (KeyState.LIVE, KeyState.EXPIRED, None)


def test_without_an_overlap_the_old_key_ends_at_once(client, database, keys, channel) -> None:
    old = create_key(database, channel)
    made = rotate_key(
        database, keys, channel.operator_id, id_of(database, old), "console", overlap=timedelta(0)
    )
    assert [answer(client, secret) for secret in (old, made.secret)] == [(401, "key.expired"), (200, None)]


def test_an_overlap_never_makes_a_key_last_longer(database, keys, channel) -> None:
    end = clock.now() + timedelta(days=2)
    old = id_of(database, create_key(database, channel, expires_at=end))
    rotate_key(database, keys, channel.operator_id, old, "console", overlap=WEEK)
    with database.reading() as connection:
        assert channel_key(connection, channel.operator_id, old, clock.now()).expires_at == end


def test_two_secrets_of_one_app_id_sign_while_they_overlap(runtime, channel, signing_key, signed, send, at):
    old, now = signing_key, clock.now()
    made = rotate_key(runtime.db, runtime.keys, channel.operator_id, old.id, "console")
    assert made.app_id == old.app_id
    assert made.secret != old.secret
    assert [send(signed(key=key)).status_code for key in (old, made)] == [200, 200]
    at(now + WEEK + timedelta(minutes=1))
    late = send(signed(key=old))
    assert (late.status_code, late.json["rule"]) == (401, "key.expired")
    assert send(signed(key=made)).status_code == 200
    revoke_key(runtime.db, channel.operator_id, made.id, "console")
    gone = send(signed(key=made))
    assert (gone.status_code, gone.json["rule"]) == (401, "signature.wrong")


def test_what_cannot_be_rotated_or_revoked_says_why(database, keys, channel) -> None:
    owner = channel.operator_id
    old = id_of(database, create_key(database, channel))

    def rotate(key_id: int, operator_id: int = owner, **how: timedelta) -> NewKey:
        return rotate_key(database, keys, operator_id, key_id, "console", **how)

    assert refused(lambda: rotate(old, operator_id=owner + 1)) == ["key.not_found"]
    assert refused(lambda: revoke_key(database, owner + 1, old, "console")) == ["key.not_found"]
    for wrong in (timedelta(days=91), timedelta(days=-1)):
        assert refused(lambda wrong=wrong: rotate(old, overlap=wrong)) == ["key.overlap"]
    follower = rotate(old)
    assert refused(lambda: rotate(old)) == ["key.rotated"]
    revoke_key(database, owner, follower.id, "console")
    assert refused(lambda: rotate(follower.id)) == ["key.ended"]
    assert refused(lambda: revoke_key(database, owner, follower.id, "console")) == ["key.ended"]


def test_of_two_rotations_at_one_instant_one_is_told_of_the_other(database, keys, channel) -> None:
    old, start = id_of(database, create_key(database, channel)), Barrier(8)

    def rotate(_: int) -> str:
        start.wait(timeout=20)
        try:
            return rotate_key(database, keys, channel.operator_id, old, "console").secret[:4]
        except Refusal as refusal:
            return refusal.faults[0].rule

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(rotate, range(8))) == ["key.rotated"] * 7 + ["trk_"]
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(ChannelKey)) == 2


def test_a_key_that_could_not_be_is_refused_with_all_that_is_wrong(database, channel) -> None:
    wrong = {
        "scopes": ["orders", "everything"],
        "expires_at": clock.now(),
        "rate_limit": "often",
    }
    assert refused(lambda: create_key(database, channel, **wrong)) == [
        "key.scopes",
        "key.ends_in_the_past",
        "key.rate_limit",
    ]
    assert refused(lambda: create_key(database, channel, scopes=[])) == ["key.scopes"]
    for limit in ("0 per minute", "5 per minute; 9 per hour", ""):
        assert refused(lambda limit=limit: create_key(database, channel, rate_limit=limit)) == [
            "key.rate_limit"
        ]
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(ChannelKey)) == 0


def test_of_the_keys_only_hashes_and_sealed_secrets_are_stored(database, keys, channel) -> None:
    bearer, signing = create_key(database, channel), create_signed_key(database, keys, channel)
    with database.reading() as connection:
        stored = connection.execute(select(ChannelKey.__table__)).all()
    plain = b"".join(
        value if isinstance(value, bytes) else str(value).encode() for row in stored for value in row
    )
    assert bearer.encode() not in plain
    assert signing.secret.encode() not in plain


def last_used(database: Database) -> dict[int, datetime]:
    with database.reading() as connection:
        rows = connection.execute(select(ChannelKeyUse.key_id, ChannelKeyUse.last_used_at))
        return {row.key_id: row.last_used_at for row in rows}


def test_use_is_noted_once_a_minute(client, runtime, database, channel, at, monkeypatch) -> None:
    secret = create_key(database, channel)
    key, first = id_of(database, secret), clock.now()
    at(first)
    assert last_used(database) == {}
    answer(client, secret)
    at(first + timedelta(seconds=59))
    answer(client, secret)
    assert last_used(database) == {key: first}
    passed = note_use.time.monotonic() + 61
    monkeypatch.setattr(note_use.time, "monotonic", lambda: passed)
    answer(client, secret)
    assert last_used(database) == {key: first + timedelta(seconds=59)}


def test_wrong_and_expired_keys_count_as_no_use(client, database, channel, at) -> None:
    end = clock.now() + timedelta(days=1)
    secret = create_key(database, channel, expires_at=end)
    at(end)
    answer(client, secret)
    answer(client, "trk_wrong")
    assert last_used(database) == {}


def test_an_earlier_use_that_is_noted_late_changes_nothing(runtime, channel, at) -> None:
    create_key(runtime.db, channel)
    now = clock.now()
    for moment in (now, now - timedelta(hours=1)):
        at(moment)
        note_use.KeyUses(runtime.db).note(1, channel.operator_id)
    assert last_used(runtime.db) == {1: now}


def test_a_use_that_cannot_be_noted_fails_no_request(client, database, channel, stores) -> None:
    secret = create_key(database, channel)
    owner = Database(stores.owner_url)
    with owner.transaction() as connection:
        connection.execute(text("REVOKE INSERT ON channel_key_uses FROM tracker_web"))
    try:
        assert answer(client, secret) == (200, None)
    finally:
        with owner.transaction() as connection:
            connection.execute(text("GRANT INSERT ON channel_key_uses TO tracker_web"))
        owner.dispose()
    assert last_used(database) == {}


def test_using_a_key_does_not_make_processes_read_the_reference_data_anew(client, runtime, channel) -> None:
    secret = create_key(runtime.db, channel)
    before = runtime.reference.current().revision
    answer(client, secret)
    assert last_used(runtime.db)
    with runtime.db.transaction() as connection:
        connection.execute(delete(ChannelKeyUse))
    assert runtime.reference.current().revision == before
