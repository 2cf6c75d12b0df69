"""Signed requests: who signs is known, what was changed on the way is noticed, nothing is answered twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import redis
from order_file_samples import csv_file, rows_of
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from tests.serving import app_of
from tracker import clock
from tracker.channels.create_key import NewKey, create_signed_key
from tracker.channels.models import ChannelKey, UsedNonce
from tracker.channels.rules import SCOPES
from tracker.crypto import UnreadableError
from tracker.db import Database
from tracker.order_files.models import OrderFile
from tracker.orders.models import Order


def rule_of(answer) -> tuple[int, str]:
    return answer.status_code, answer.json["rule"]


def test_a_signed_order_is_taken_in_for_the_channel(signed, send, as_json, order_body, runtime, channel):
    request = signed(method="POST", body=as_json(order_body(customer__name="欧阳春雨")))
    answer = send(request, headers={**request.headers, "Idempotency-Key": "one"})
    assert answer.status_code == 201, answer.text
    with runtime.db.reading() as connection:
        assert connection.scalar(select(Order.channel_id)) == channel.id
    listed = send(signed(query=[("limit", "5")]))
    assert [order["number"] for order in listed.json["orders"]] == [answer.json["number"]]


@pytest.mark.parametrize(
    "query",
    [
        [],
        [("limit", "5"), ("stage", "accepted")],
        [("stage", "accepted"), ("limit", "5")],
        [("limit", "5"), ("after", "")],
        [("limit", "5"), ("limit", "7")],
        [("limit", "7"), ("limit", "5")],
    ],
)
def test_the_order_of_the_query_does_not_matter_to_the_signature(signed, send, query) -> None:
    request = signed(query=query)
    assert send(request).status_code == 200
    turned = signed(query=query)
    backwards = "&".join(f"{name}={value}" for name, value in reversed(query))
    assert send(turned, query_string=backwards).status_code == 200


def test_text_that_is_not_ascii_is_signed_as_its_utf_8(signed, send) -> None:
    """It reaches the schema, which refuses it, and not the signature."""
    request = signed(query=[("stage", "已受理 a+b&c=d%/~*"), ("é", "1"), ("limit", "5")])
    assert rule_of(send(request)) == (422, "field.choice")
    path = signed(path="/api/v1/orders/单 号")
    assert rule_of(send(path)) == (404, "order.not_found")
    spelt_otherwise = signed(query=[("stage", "已 受")])
    assert rule_of(send(spelt_otherwise, query_string="stage=%e5%b7%b2+%E5%8F%97")) == (422, "field.choice")


def test_bytes_that_are_no_utf_8_are_signed_as_they_are(signing_key, signed, send) -> None:
    import hashlib
    import hmac

    request = signed()
    lines = ("GET", request.path, "stage=%FF%FE", request.timestamp, request.nonce)
    said = "\n".join((*lines, hashlib.sha256(b"").hexdigest())).encode()
    right = hmac.new(signing_key.secret.encode(), said, hashlib.sha256).hexdigest()
    headers = {**request.headers, "X-Signature": right}
    assert rule_of(send(request, query_string="stage=%ff%fe", headers=headers)) == (422, "field.choice")


@pytest.mark.parametrize(
    "change",
    [
        {"method": "HEAD"},
        {"method": "POST"},
        {"path": "/api/v1/orders/QY261125AAAAAAA"},
        {"path": "/api/v1/Orders"},
        {"path": "/api/v1/tariffs"},
        {"query_string": "limit=6&stage=accepted"},
        {"query_string": "limit=5"},
        {"query_string": "limit=5&stage=accepted&stage=accepted"},
        {"query_string": "limit=5&stage=accepted&after="},
        {"query_string": "stage=5&limit=accepted"},
        {"query_string": "limit=5%26stage=accepted"},
        {"query_string": ""},
        {"data": b"{}", "content_type": "application/json"},
    ],
    ids=str,
)
def test_what_was_changed_on_the_way_is_noticed(signed, send, change) -> None:
    request = signed(query=[("limit", "5"), ("stage", "accepted")])
    answer = send(request, **change)
    if change.get("path") == "/api/v1/Orders":
        assert answer.status_code == 404, "an address that is none asks nobody"
    else:
        assert answer.status_code == 401
        assert change.get("method") == "HEAD" or answer.json["rule"] == "signature.wrong"
    assert send(request).status_code == 200, "a stranger's attempt has used nothing up"


def test_not_one_byte_of_the_body_may_change(signed, send, as_json, order_body, database) -> None:
    body = as_json(order_body())
    request = signed(method="POST", body=body)
    headers = {**request.headers, "Idempotency-Key": "one"}
    for other in (body + b" ", body.replace(b"13800001234", b"13800001235"), b"", body[:-1] + b"\n}"):
        answer = send(request, data=other, headers=headers, content_type="application/json")
        assert rule_of(answer) == (401, "signature.wrong")
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(Order)) == 0
    assert send(request, headers=headers).status_code == 201


@pytest.mark.parametrize("name", ["X-Timestamp", "X-Nonce"])
def test_time_and_nonce_are_signed_too(signed, send, name) -> None:
    request = signed()
    other = str(int(request.timestamp) + 1) if name == "X-Timestamp" else "b" * 32
    assert rule_of(send(request, headers={**request.headers, name: other})) == (401, "signature.wrong")


def test_names_of_headers_and_letters_of_the_signature_may_be_of_any_case(signed, send) -> None:
    request = signed()
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert send(request, headers={**headers, "x-signature": request.signature.upper()}).status_code == 200


@pytest.mark.parametrize(
    ("shift", "rule"),
    [
        ("-320", "signature.too_old"),
        ("-290", None),
        ("+290", None),
        ("+320", "signature.in_the_future"),
    ],
)
def test_a_clock_may_be_five_minutes_off(signed, send, shift, rule) -> None:
    answer = send(signed(timestamp=str(int(clock.now().timestamp()) + int(shift))))
    assert rule_of(answer) == (401, rule) if rule else answer.status_code == 200


@pytest.mark.parametrize("timestamp", ["now", "-1", "1.5", "１７９５", "9" * 14, "0x10"])
def test_what_is_no_time_is_refused(signed, send, timestamp) -> None:
    request = signed()
    headers = {**request.headers, "X-Timestamp": timestamp.encode().decode("latin-1")}
    assert rule_of(send(request, headers=headers)) == (401, "signature.timestamp")


@pytest.mark.parametrize("timestamp", ["0", "9" * 13])
def test_the_ends_of_time_are_old_and_to_come(signed, send, timestamp) -> None:
    rule = "signature.too_old" if timestamp == "0" else "signature.in_the_future"
    assert rule_of(send(signed(timestamp=timestamp))) == (401, rule)


@pytest.mark.parametrize(
    "nonce", ["a" * 15, "a" * 65, "a" * 16 + " b", "ä" * 16, "'; DROP TABLE orders;--\t"]
)
def test_a_nonce_has_16_to_64_visible_characters(signed, send, nonce) -> None:
    request = signed()
    headers = {**request.headers, "X-Nonce": nonce.encode().decode("latin-1")}
    assert rule_of(send(request, headers=headers)) == (401, "signature.nonce")


@pytest.mark.parametrize("nonce", ["a" * 16, "~" * 64, "!\"#$%&'()*+,-./:;<=>?@"])
def test_any_visible_character_will_do(signed, send, nonce) -> None:
    assert send(signed(nonce=nonce)).status_code == 200


@pytest.mark.parametrize("gone", ["X-App-Id", "X-Timestamp", "X-Nonce", "X-Signature"])
def test_a_missing_part_is_named(signed, send, gone) -> None:
    headers = {name: value for name, value in signed().headers.items() if name != gone}
    answer = send(signed(), headers=headers)
    assert rule_of(answer) == (401, "signature.missing")
    assert gone in answer.json["errors"][0]["detail"]


def test_all_that_is_missing_is_named_at_once(signed, send) -> None:
    answer = send(signed(), headers={"X-App-Id": "app_1"})
    told = " ".join(error["detail"] for error in answer.json["errors"])
    assert all(name in told for name in ("X-Timestamp", "X-Nonce", "X-Signature"))


@pytest.mark.parametrize("signature", ["0" * 64, "0" * 63, "zz" * 32, "ä" * 64, ""])
def test_a_wrong_signature_is_refused_whatever_its_shape(signed, send, signature) -> None:
    request = signed()
    headers = {**request.headers, "X-Signature": signature.encode().decode("latin-1")}
    expected = "signature.wrong" if signature else "signature.missing"
    assert rule_of(send(request, headers=headers)) == (401, expected)


def test_an_app_id_that_nobody_has(signed, send, signing_key) -> None:
    stranger = NewKey(0, signing_key.secret, "app_0000000000000000")
    assert rule_of(send(signed(key=stranger))) == (401, "key.unknown")


def test_a_signature_is_not_passed_over_for_a_key_beside_it(signed, send, api_key) -> None:
    request = signed()
    headers = {**request.headers, "X-Signature": "0" * 64, "Authorization": f"Bearer {api_key}"}
    assert rule_of(send(request, headers=headers)) == (401, "signature.wrong")


def test_the_secret_of_a_signing_key_is_no_bearer_key(client, signing_key) -> None:
    headers = {"Authorization": f"Bearer {signing_key.secret}"}
    assert rule_of(client.get("/api/v1/orders", headers=headers)) == (401, "key.unknown")


def test_a_signing_key_may_do_what_its_scopes_say(runtime, channel, signed, send) -> None:
    narrow = create_signed_key(runtime.db, runtime.keys, channel, scopes=["calendar"])
    assert rule_of(send(signed(key=narrow))) == (403, "key.scope")


def test_the_same_request_is_not_answered_twice(signed, send, stores) -> None:
    request = signed()
    assert send(request).status_code == 200
    assert rule_of(send(request)) == (401, "signature.replayed")
    with redis.Redis.from_url(stores.redis_url) as emptied:
        emptied.flushall()
    assert rule_of(send(request)) == (401, "signature.replayed")


def test_another_channel_may_use_the_same_nonce(runtime, signed, send) -> None:
    facts = runtime.reference.current()
    hall = next(one for one in facts.channels.values() if one.code == "hall")
    other = create_signed_key(runtime.db, runtime.keys, hall, scopes=SCOPES)
    assert send(signed(nonce="n" * 16)).status_code == 200
    assert send(signed(nonce="n" * 16, key=other)).status_code == 200


def test_a_stranger_cannot_use_a_nonce_up(signed, send, database) -> None:
    request = signed()
    assert send(request, headers={**request.headers, "X-Signature": "0" * 64}).status_code == 401
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(UsedNonce)) == 0
    assert send(request).status_code == 200


def test_of_fifty_replays_at_one_instant_one_passes(runtime, signed: Callable[..., object]) -> None:
    request, crowd = signed(), 50
    app, start = app_of(runtime), Barrier(crowd)

    def go(_: int) -> int:
        with app.test_client() as client:
            start.wait(timeout=30)
            return client.get(request.path, headers=request.headers).status_code

    with ThreadPoolExecutor(crowd) as pool:
        assert sorted(pool.map(go, range(crowd))) == [200] + [401] * (crowd - 1)


def test_the_secret_is_sealed_and_bound_to_its_column(database, keys, signing_key) -> None:
    with database.reading() as connection:
        row = connection.execute(select(ChannelKey)).one()
    assert signing_key.secret.encode() not in bytes(row.sealed_secret)
    assert signing_key.secret not in repr(row)
    with pytest.raises(UnreadableError):
        keys.open(bytes(row.sealed_secret), "orders.contact_phone")


def test_a_key_has_the_parts_of_its_kind(stores, signing_key) -> None:
    owner = Database(stores.owner_url)
    for wrong in ("kind = 'bearer'", "app_id = NULL", "sealed_secret = NULL", "kind = 'stamp'"):
        with pytest.raises(IntegrityError, match="ck_channel_keys_"), owner.transaction() as connection:
            connection.execute(text(f"UPDATE channel_keys SET {wrong}"))
    owner.dispose()


def test_the_service_can_end_a_key_and_change_nothing_else_of_it(database, signing_key) -> None:
    for change in ("UPDATE channel_keys SET scopes = '{rules}'", "DELETE FROM channel_keys"):
        with pytest.raises(ProgrammingError, match="permission denied"), database.transaction() as connection:
            connection.execute(text(change))


def test_a_file_may_be_signed_too(send, signed, database) -> None:
    content = csv_file(rows_of({}, {}))
    request = signed(method="POST", path="/api/v1/order-files", query=[("dry_run", "true")], body=content)
    headers = {**request.headers, "Idempotency-Key": "one"}
    answer = send(request, headers=headers, content_type="text/csv")
    assert (answer.status_code, answer.json["dry_run"]) == (202, True), answer.text
    with database.reading() as connection:
        assert connection.scalar(select(OrderFile.upload_bytes)) == len(content)
