"""Orders over HTTP: what a channel sends is stored once, promised, told; what is wrong is named."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tracker import clock
from tracker.db import Database
from tracker.notices.models import Notice
from tracker.orders.models import Order, OrderEvent
from tracker.promises.models import Promise

ORDERS = "/api/v1/orders"


def stored(database: Database) -> tuple[int, ...]:
    with database.reading() as connection:
        return tuple(
            connection.scalar(select(func.count()).select_from(table)) or 0
            for table in (Order, OrderEvent, Promise, Notice)
        )


def test_an_order_is_stored_with_event_promise_and_text(post, order_body, database) -> None:
    answer = post(ORDERS, order_body())
    assert answer.status_code == 201
    order = answer.json
    assert answer.headers["Location"] == f"{ORDERS}/{order['number']}"
    assert order["stage"] == "accepted"
    assert order["next_stages"] == ["verified", "withdrawn", "returned"]
    assert order["promise"]["explanation"]["zh"].startswith("受理后48小时内")
    assert order["promise"]["deadline"].endswith("Z")
    assert stored(database) == (1, 1, 1, 1)


def test_no_name_phone_or_address_comes_back_or_lies_in_the_open(post, order_body, database) -> None:
    answer = post(ORDERS, order_body(customer__name="欧阳春雨", address__detail="人民路88号"))
    with database.reading() as connection:
        rows = [connection.execute(select(t.__table__)).all() for t in (Order, OrderEvent, Promise, Notice)]
    for personal in ("欧阳春雨", "人民路88号", "13800001234"):
        assert personal not in answer.text
        assert personal not in repr(rows)
        assert personal.encode() not in b"".join(
            v for r in rows for x in r for v in x if isinstance(v, bytes)
        )


def test_a_rural_home_gets_72_hours_and_a_company_working_days(post, order_body, runtime) -> None:
    places = runtime.reference.current().places
    rural = next(code for code, place in places.items() if place.area == "rural")
    accepted = "2026-11-20T03:00:00Z"  # Friday 11:00 in Qingyuan
    home = post(ORDERS, order_body(address__community_code=rural, accepted_at=accepted)).json
    assert home["promise"]["deadline"] == "2026-11-23T03:00:00Z"
    company = post(
        ORDERS, order_body(customer__kind="enterprise", plan="24GD110002", accepted_at=accepted)
    ).json
    # Three working days after Friday the 20th: Monday, Tuesday, Wednesday the 25th, 18:00 there.
    assert company["promise"]["deadline"] == "2026-11-25T10:00:00Z"
    assert "跳过11月21–22日（周六、周日）" in company["promise"]["explanation"]["zh"]
    assert "skipped: 21–22 Nov (weekend)" in company["promise"]["explanation"]["en"]


@pytest.mark.parametrize(
    ("change", "rule", "pointer"),
    [
        ({"surprise": 1}, "field.unknown", "/surprise"),
        ({"customer__age": 80}, "field.unknown", "/customer/age"),
        ({"plan": 24}, "field.type", "/plan"),
        ({"plan": None}, "field.null", "/plan"),
        ({"customer": "张三"}, "field.type", "/customer"),
        ({"customer__kind": "ghost"}, "field.choice", "/customer/kind"),
        ({"customer__phone": "12345"}, "phone.invalid", "/customer/phone"),
        ({"customer__phone": "call me"}, "phone.invalid", "/customer/phone"),
        ({"customer__name": "张" * 61}, "field.too_long", "/customer/name"),
        ({"customer__name": "  "}, "field.empty", "/customer/name"),
        ({"customer__name": "张\u0000三"}, "field.control_characters", "/customer/name"),
        ({"address__detail": "路\u202e号"}, "field.control_characters", "/address/detail"),
        ({"address__detail": "\ud800"}, "field.control_characters", "/address/detail"),
        ({"address__community_code": "441802006999"}, "order.unknown_community", "/address/community_code"),
        ({"address__community_code": "1"}, "field.invalid", "/address/community_code"),
        ({"plan": "24XX000000"}, "order.unknown_plan", "/plan"),
        ({"plan": "24GD110002"}, "order.plan_audience", "/plan"),
        ({"plan": "24GD200001"}, "order.unknown_plan", "/plan"),  # another operator's
        ({"accepted_at": "2026-11-20T03:00:00"}, "field.timestamp", "/accepted_at"),
        ({"accepted_at": "yesterday"}, "field.timestamp", "/accepted_at"),
        ({"accepted_at": 5}, "field.timestamp", "/accepted_at"),
        ({"accepted_at": "0001-01-01T00:00:00+14:00"}, "field.timestamp", "/accepted_at"),
        ({"accepted_at": "2020-01-01T00:00:00Z"}, "order.accepted_too_old", "/accepted_at"),
        ({"language": "fr"}, "field.choice", "/language"),
    ],
)
def test_bad_input_names_its_rule_and_place_and_stores_nothing(
    post, order_body, database, change: dict[str, Any], rule: str, pointer: str
) -> None:
    answer = post(ORDERS, order_body(**change))
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert {"rule": rule, "pointer": pointer} in [
        {k: error[k] for k in ("rule", "pointer")} for error in answer.json["errors"]
    ]
    assert stored(database) == (0, 0, 0, 0)


def test_all_faults_are_told_at_once(post) -> None:
    answer = post(ORDERS, {"plan": 3, "customer": {"kind": "home", "phone": "1"}, "extra": True})
    told = {(error["rule"], error["pointer"]) for error in answer.json["errors"]}
    assert told == {
        ("field.required", "/external_reference"),
        ("field.required", "/address"),
        ("field.required", "/customer/name"),
        ("phone.invalid", "/customer/phone"),
        ("field.type", "/plan"),
        ("field.unknown", "/extra"),
    }


def test_an_unknown_place_does_not_hide_an_unknown_plan(post, order_body) -> None:
    answer = post(ORDERS, order_body(address__community_code="441802006999", plan="x"))
    assert [error["rule"] for error in answer.json["errors"]] == [
        "order.unknown_community",
        "order.unknown_plan",
    ]


def test_the_future_is_refused(post, order_body) -> None:
    later = (clock.now() + timedelta(minutes=10)).isoformat()
    assert post(ORDERS, order_body(accepted_at=later)).json["rule"] == "order.accepted_in_future"


def test_what_is_no_order_at_all(client, post, api_key, database) -> None:
    def send(data: bytes, media_type: str = "application/json") -> Any:
        headers = {"Authorization": f"Bearer {api_key}", "Idempotency-Key": "k", "Content-Type": media_type}
        return client.post(ORDERS, data=data, headers=headers)

    for data, status, rule in [
        (b"{broken", 400, "request.broken_json"),
        (b"\xff\xfe\x00", 400, "request.broken_json"),
        (b"[1, 2]", 422, "field.type"),
        (b'"order"', 422, "field.type"),
        (b" " * 10_000_000, 413, "request.too_large"),
    ]:
        answer = send(data)
        assert (answer.status_code, answer.json["rule"]) == (status, rule)
        assert answer.content_type == "application/problem+json"
    for media_type in ("application/x-www-form-urlencoded", "text/plain"):
        assert send(b"{}", media_type).json["rule"] == "request.media_type"
    assert send(b"[" * 100_000).json["rule"] == "request.broken_json"
    assert send(b'{"\\ud800": 1}').status_code == 422
    assert stored(database) == (0, 0, 0, 0)


def test_only_a_known_key_opens(client, order_body, database) -> None:
    for headers in ({}, {"Authorization": "Bearer trk_wrong"}, {"Authorization": "Basic x"}):
        answer = client.post(ORDERS, json=order_body(), headers={"Idempotency-Key": "k", **headers})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert client.get(ORDERS).status_code == 401
    assert stored(database) == (0, 0, 0, 0)


def test_the_same_key_is_one_order_and_the_same_answer(post, order_body, database) -> None:
    body = order_body()
    first, again = post(ORDERS, body, key="once"), post(ORDERS, body, key="once")
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert stored(database) == (1, 1, 1, 1)


def test_a_key_serves_one_request_only(post, client, order_body, api_key) -> None:
    post(ORDERS, order_body(), key="once")
    other = post(ORDERS, order_body(), key="once")
    assert (other.status_code, other.json["rule"]) == (422, "idempotency.reused")
    bare = client.post(ORDERS, json=order_body(), headers={"Authorization": f"Bearer {api_key}"})
    assert (bare.status_code, bare.json["rule"]) == (400, "idempotency.missing")
    assert post(ORDERS, order_body(), key="ü" * 3).json["rule"] == "idempotency.malformed"


def test_a_refused_request_may_be_mended_under_its_key(post, order_body) -> None:
    assert post(ORDERS, order_body(plan="nothing"), key="mend").status_code == 422
    assert post(ORDERS, order_body(), key="mend").status_code == 201


def test_a_reference_is_one_order(post, order_body, database) -> None:
    body = order_body()
    first = post(ORDERS, body)
    same = post(ORDERS, body)
    assert (same.status_code, same.json["number"]) == (200, first.json["number"])
    different = post(ORDERS, {**body, "plan": "24GD100003"})
    assert (different.status_code, different.json["rule"]) == (409, "order.duplicate_reference")
    assert stored(database) == (1, 1, 1, 1)


def test_a_channel_reads_its_own_orders_page_by_page(post, get, order_body, runtime, client) -> None:
    from tracker.channels.create_key import create_key

    numbers = [post(ORDERS, order_body()).json["number"] for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = get(f"{ORDERS}?limit=2&after={cursor}").json
        seen += [order["number"] for order in page["orders"]]
        cursor = page["next"]
    assert seen == numbers
    assert get(f"{ORDERS}?stage=completed").json["orders"] == []
    later = post(ORDERS, order_body()).json["number"]
    since = get(f"{ORDERS}?after={page['last']}").json
    assert ([order["number"] for order in since["orders"]], since["next"]) == ([later], None)
    assert get(f"{ORDERS}?limit=1000").status_code == 422
    for cursor in ("x", "17", get("/api/v1/events").json["next"]):
        assert get(f"{ORDERS}?after={cursor}").json["rule"] == "cursor.malformed"
    other = next(
        c for c in runtime.reference.current().channels.values() if c.code == "app" and c.operator_id != 1
    )
    stranger = {"Authorization": f"Bearer {create_key(runtime.db, other)}"}
    assert client.get(f"{ORDERS}/{numbers[0]}", headers=stranger).status_code == 404
    assert client.get(ORDERS, headers=stranger).json["orders"] == []


def test_answers_speak_the_callers_language(post, order_body) -> None:
    assert post(ORDERS, order_body(plan="x")).json["title"] == "没有在售的该资费方案"
    english = post(ORDERS, order_body(plan="x"), Accept_Language="en")
    assert english.json["title"] == "No plan on sale has this filing number."


def test_an_unknown_address_is_a_problem_document(get) -> None:
    answer = get("/api/v1/nothing")
    assert (answer.status_code, answer.json["rule"]) == (404, "request.not_found")


def make_api_document(get: Callable[[str], Any]) -> dict[str, Any]:
    return get("/api/v1/openapi.json").json


def test_the_api_describes_itself(get) -> None:
    document = make_api_document(get)
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) >= {
        "/api/v1/orders",
        "/api/v1/orders/{number}",
        "/api/v1/orders/{number}/progress",
        "/api/v1/orders/{number}/payments",
    }
