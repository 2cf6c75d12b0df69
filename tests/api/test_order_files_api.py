"""Files of orders over HTTP, as a channel's system sends and asks after them."""

import json

import pytest
from order_file_samples import csv_file, rows_of, xlsx_file
from sqlalchemy import func, select

from tracker.api import order_files
from tracker.channels.create_key import create_key
from tracker.order_files import store_upload
from tracker.order_files.models import OrderFile, OrderFilePart
from tracker.order_files.store_upload import Wish
from tracker.order_files.take_in import take_in_due
from tracker.orders.models import Order

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def send(client, api_key):
    """POST a file as the channel."""
    keys = iter(range(1000))

    def act(
        content: bytes, query: str = "", *, key: str | None = None, kind: str = "text/csv", **headers: str
    ):
        given = {"Authorization": f"Bearer {api_key}", "Idempotency-Key": key or f"f-{next(keys)}", **headers}
        return client.post(f"/api/v1/order-files{query}", data=content, content_type=kind, headers=given)

    return act


@pytest.fixture
def count(runtime):
    def of(table) -> int:
        with runtime.db.reading() as connection:
            return connection.scalar(select(func.count()).select_from(table))

    return of


@pytest.mark.parametrize(("make", "kind"), [(csv_file, "text/csv; charset=utf-8"), (xlsx_file, XLSX)])
def test_a_file_is_sent_and_asked_after(send, get, runtime, count, make, kind) -> None:
    answer = send(make(rows_of({}, {"联系电话": "12"}, {})), kind=kind)
    assert (answer.status_code, answer.json["state"], answer.json["percent"]) == (202, "waiting", 0)
    assert answer.headers["Retry-After"] == "2"
    address = answer.headers["Location"]
    assert address == f"/api/v1/order-files/{answer.json['id']}"
    assert (get(f"{address}/failed-rows").status_code, count(Order)) == (404, 0)
    take_in_due(runtime)
    done = get(address)
    assert "Retry-After" not in done.headers
    told = done.json
    assert {name: told[name] for name in ("state", "percent", "stored", "stored_before", "failed")} == {
        "state": "done",
        "percent": 100,
        "stored": 2,
        "stored_before": 0,
        "failed": 1,
    }
    (fault,) = told["faults"]
    assert (fault["line"], fault["rule"], fault["detail"]) == (3, "phone.invalid", "不是有效的电话号码")
    assert "12" not in json.dumps(told["faults"][0]["detail"])
    failed = get(f"{address}/failed-rows")
    assert (failed.mimetype, failed.headers["Cache-Control"]) == ("text/csv", "no-store")
    assert failed.data.decode("utf-8-sig").splitlines()[0].startswith("行号,原因,外部单号,")
    assert count(Order) == 2


def test_a_dry_run_is_asked_for(send, get, runtime, count) -> None:
    answer = send(csv_file(rows_of({})), "?dry_run=true", **{"Accept-Language": "en"})
    take_in_due(runtime)
    told = get(answer.headers["Location"]).json
    assert (told["dry_run"], told["stored"], count(Order)) == (True, 1, 0)


def test_a_repeated_request_is_one(send, runtime, count) -> None:
    content = csv_file(rows_of({}))
    first, again = send(content, key="k"), send(content, key="k")
    assert (again.status_code, again.json["id"]) == (202, first.json["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert send(content + b"x", key="k").json["rule"] == "idempotency.reused"
    assert send(content, "?dry_run=true", key="k").json["rule"] == "idempotency.reused"
    assert count(OrderFile) == 1


@pytest.mark.parametrize(
    ("content", "kind", "query", "status", "rule"),
    [
        (b"", "text/csv", "", 422, "order_file.empty"),
        (b"x", "application/json", "", 415, "order_file.media_type"),
        (b"x", "text/csv", "?dry_run=perhaps", 422, "field.invalid"),
        (b"x", "text/csv", "?dry_run=1", 422, "field.invalid"),
        (b"x", "text/csv", f"?name={'x' * 121}", 422, "field.invalid"),
    ],
)
def test_a_bad_request_stores_nothing(send, count, content, kind, query, status, rule) -> None:
    answer = send(content, query, kind=kind)
    assert (answer.status_code, answer.json["rule"]) == (status, rule)
    assert count(OrderFile) == 0


def test_a_file_that_is_too_large_is_refused(send, count, monkeypatch) -> None:
    for module in (order_files, store_upload):
        monkeypatch.setattr(module, "MOST_BYTES", 1000)
    answer = send(b"x" * 1001)
    assert (answer.status_code, answer.json["rule"]) == (413, "order_file.too_large")
    assert send(b"x" * 1000).status_code == 202
    assert count(OrderFilePart) == 1


def test_a_large_file_is_stored_in_parts(send, count) -> None:
    assert send(b"x" * 3_000_000).status_code == 202
    assert count(OrderFilePart) == 6


def test_a_key_is_needed_and_its_scope(client, get, send, runtime, channel) -> None:
    for key, status in (("nothing", 401), (create_key(runtime.db, channel, scopes=["tariffs"]), 403)):
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "k"}
        for answer in (
            client.post("/api/v1/order-files", data=b"x", content_type="text/csv", headers=headers),
            client.get("/api/v1/order-files/1", headers=headers),
            client.get("/api/v1/order-files/1/failed-rows", headers=headers),
        ):
            assert answer.status_code == status
    answer = client.post(
        "/api/v1/order-files",
        data=b"x",
        content_type="text/csv",
        headers={"Authorization": f"Bearer {create_key(runtime.db, channel)}"},
    )
    assert answer.json["rule"] == "idempotency.missing"


def test_nobody_elses_file_is_shown(get, runtime, channel, client) -> None:
    facts = runtime.reference.current()
    hall = next(
        c for c in facts.channels.values() if c.operator_id == channel.operator_id and c.code == "hall"
    )
    for wish in (
        Wish(channel=hall, name="x", actor="channel:hall", dry_run=True),
        Wish(channel=channel, name="x", actor="staff:somebody", dry_run=True),
    ):
        kept = store_upload.store_upload(runtime, wish, [b"x"], 1)
        assert get(f"/api/v1/order-files/{kept.id}").json["rule"] == "order_file.not_found"
    for number in (99, 10**30):
        assert get(f"/api/v1/order-files/{number}").status_code == 404
