"""Webhooks as a channel sets them up and watches them over HTTP."""

import pytest
from sqlalchemy import text

from tracker.channels.create_key import create_key
from tracker.webhooks.deliver import deliver

HOOKS = "/api/v1/webhooks"
URL = "https://127.0.0.1:59999/hooks"


@pytest.fixture
def settings(settings, monkeypatch):
    monkeypatch.setenv("TRACKER_WEBHOOK_ALLOW", "127.0.0.0/8")
    return settings | {"TRACKER_WEBHOOK_ALLOW": "127.0.0.0/8"}


@pytest.fixture
def made(post):
    answer = post(HOOKS, {"url": URL})
    assert answer.status_code == 201, answer.json
    return answer.json


@pytest.fixture
def send(client, api_key):
    def go(method: str, path: str, body=None, **headers):
        given = {"Authorization": f"Bearer {api_key}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return client.open(path, method=method, json=body, headers=given)

    return go


def test_a_secret_is_shown_once_and_stored_nowhere_in_clear(post, get, database) -> None:
    first = post(HOOKS, {"url": URL, "events": ["order.stage", "order.accepted"]}, key="once")
    assert first.status_code == 201
    assert first.headers["Location"] == f"{HOOKS}/{first.json['id']}"
    assert first.headers["Cache-Control"] == "no-store"
    secret = first.json["secret"]
    assert secret.startswith("whsec_")
    assert first.json["events"] == ["order.accepted", "order.stage"]
    again = post(HOOKS, {"url": URL, "events": ["order.stage", "order.accepted"]}, key="once")
    assert (again.status_code, again.json["secret"]) == (201, None)
    assert {**again.json, "secret": secret} == first.json
    listed = get(HOOKS).json["webhooks"]
    assert [one["id"] for one in listed] == [first.json["id"]]
    assert "secret" not in listed[0]
    with database.reading() as connection:
        kept = connection.scalars(text("SELECT body::text FROM idempotency_records")).all()
    assert len(kept) == 1
    assert secret not in kept[0]


@pytest.mark.parametrize(
    ("body", "rule", "pointer"),
    [
        ({}, "field.required", "/url"),
        ({"url": None}, "field.null", "/url"),
        ({"url": 7}, "field.type", "/url"),
        ({"url": URL, "events": []}, "field.empty", "/events"),
        ({"url": URL, "events": "order.stage"}, "field.type", "/events"),
        ({"url": URL, "events": ["order.none"]}, "field.choice", "/events/0"),
        ({"url": URL, "colour": "red"}, "field.unknown", "/colour"),
        ({"url": "https://10.0.0.1/"}, "webhook.private_address", "/url"),
        ({"url": "https://user:pw@127.0.0.1/"}, "webhook.credentials", "/url"),
        ({"url": "https://127.0.0.1:25/"}, "webhook.port", "/url"),
        ({"url": "gopher://127.0.0.1/"}, "webhook.url", "/url"),
        ({"url": "https://no-such-host.invalid/"}, "webhook.unresolved", "/url"),
    ],
)
def test_what_is_refused(body, rule, pointer, post, get) -> None:
    answer = post(HOOKS, body)
    assert answer.status_code == 422
    assert (answer.json["rule"], answer.json["errors"][0]["pointer"]) == (rule, pointer)
    assert get(HOOKS).json == {"webhooks": []}


def test_five_at_most(post) -> None:
    for _ in range(5):
        assert post(HOOKS, {"url": URL}).status_code == 201
    sixth = post(HOOKS, {"url": URL})
    assert (sixth.status_code, sixth.json["rule"]) == (409, "webhook.too_many")


def test_changes_name_what_they_saw(made, send, get) -> None:
    path = f"{HOOKS}/{made['id']}"
    body = {"url": URL + "/new", "events": ["order.hold"]}
    assert send("PUT", path, body).json["rule"] == "version.required"
    assert send("PUT", path, body, If_Match='"9"').json["rule"] == "version.stale"
    changed = send("PUT", path, body, If_Match='"1"')
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert (changed.json["url"], changed.json["events"]) == (body["url"], body["events"])
    assert send("DELETE", path, If_Match='"1"').json["rule"] == "version.stale"
    assert send("DELETE", path, If_Match='"2"').status_code == 204
    assert get(path).json["rule"] == "webhook.not_found"
    assert get(HOOKS).json == {"webhooks": []}


def test_paused_resumed_and_given_another_secret(made, post, get) -> None:
    path = f"{HOOKS}/{made['id']}"
    paused = post(f"{path}/pause", {}, If_Match='"1"', key="p")
    assert (paused.json["state"], paused.json["paused_why"]) == ("paused", "by_hand")
    assert post(f"{path}/pause", {}, If_Match='"1"', key="p").headers["Idempotency-Replayed"] == "true"
    assert post(f"{path}/resume", {}, If_Match='"1"').json["rule"] == "version.stale"
    assert post(f"{path}/resume", {}, If_Match='"2"').json["state"] == "active"
    rotated = post(f"{path}/rotate", {"overlap_hours": 2}, If_Match='"3"')
    assert rotated.json["secret"] not in (None, made["secret"])
    assert rotated.json["previous_secret_until"] > rotated.json["changed_at"]
    assert post(f"{path}/rotate", {"overlap_hours": 169}, If_Match="*").json["rule"] == "field.range"
    assert get(path).json["version"] == 4


def test_tests_deliveries_and_sending_again(made, post, get, order_body, runtime) -> None:
    path = f"{HOOKS}/{made['id']}"
    ping = post(f"{path}/test", {})
    assert (ping.status_code, ping.json["type"], ping.json["state"]) == (202, "test.ping", "waiting")
    order = post("/api/v1/orders", order_body()).json["number"]
    deliver(runtime)
    pinged = get(ping.headers["Location"]).json
    assert (pinged["state"], pinged["attempts"], pinged["error"]) == ("given_up", 1, "refused")
    page = get(f"{path}/deliveries?limit=1").json
    (first,) = page["deliveries"]
    assert (first["type"], first["order"], first["state"]) == ("order.accepted", order, "waiting")
    assert [one["id"] for one in get(f"{path}/deliveries?after={page['next']}").json["deliveries"]] == [
        pinged["id"]
    ]
    assert [one["type"] for one in get(f"{path}/deliveries?state=given_up").json["deliveries"]] == [
        "test.ping"
    ]
    assert get(f"{path}/deliveries?after=x").json["rule"] == "cursor.malformed"
    assert get(f"{path}/deliveries?state=lost").json["rule"] == "field.choice"
    assert post(f"{path}/deliveries/{first['id']}/resend", {}).json["rule"] == "delivery.open"
    assert post(f"{path}/deliveries/{pinged['id']}/resend", {}).json["rule"] == "delivery.not_found"
    assert post(f"{path}/deliveries/99/resend", {}).json["rule"] == "delivery.not_found"


def test_another_channel_and_a_key_without_the_scope_see_nothing(made, runtime, client, channel) -> None:
    facts = runtime.reference.current()
    others = [
        c for c in facts.channels.values() if c.operator_id == channel.operator_id and c.id != channel.id
    ]
    stranger = {"Authorization": f"Bearer {create_key(runtime.db, others[0], scopes=['webhooks'])}"}
    assert client.get(HOOKS, headers=stranger).json == {"webhooks": []}
    for path in ("", "/deliveries", "/deliveries/1"):
        answer = client.get(f"{HOOKS}/{made['id']}{path}", headers=stranger)
        assert (answer.status_code, answer.json["rule"]) == (404, "webhook.not_found")
    plain = {"Authorization": f"Bearer {create_key(runtime.db, channel)}"}
    assert client.get(HOOKS, headers=plain).json["rule"] == "key.scope"


def test_the_feed_is_polled_page_by_page(post, get, order_body, client, runtime, channel) -> None:
    empty = get("/api/v1/events").json
    assert (empty["events"], empty["more"]) == ([], False)
    numbers = [post("/api/v1/orders", order_body()).json["number"] for _ in range(3)]
    page = get(f"/api/v1/events?limit=2&after={empty['next']}").json
    assert ([event["order"] for event in page["events"]], page["more"]) == (numbers[:2], True)
    rest = get(f"/api/v1/events?after={page['next']}").json
    assert ([event["order"] for event in rest["events"]], rest["more"]) == (numbers[2:], False)
    assert get(f"/api/v1/events?after={rest['next']}").json == {**rest, "events": []}
    (event,) = rest["events"]
    assert event["money"] is None
    assert set(event) == {
        "id", "type", "order", "external_reference", "version", "stage", "deadline", "reason_code",
        "appointment", "money", "occurred_at", "recorded_at",
    }  # fmt: skip
    paid = {"fee": "installation", "amount_fen": 100, "reference": "P-1"}
    assert post(f"/api/v1/orders/{numbers[0]}/payments", paid).status_code == 201
    (payment,) = get(f"/api/v1/events?after={rest['next']}").json["events"]
    assert (payment["type"], payment["order"], payment["money"]) == ("order.payment", numbers[0], paid)
    assert get("/api/v1/events?after=5").json["rule"] == "cursor.malformed"
    assert get("/api/v1/events?limit=501").status_code == 422
    no_orders = {"Authorization": f"Bearer {create_key(runtime.db, channel, scopes=['rules'])}"}
    assert client.get("/api/v1/events", headers=no_orders).json["rule"] == "key.scope"


def test_health_and_metrics_tell_of_one_that_is_paused(made, client, database, stores) -> None:
    assert client.get("/readyz").json["checks"]["webhooks"] == "ok"
    with database.transaction() as connection:
        connection.execute(
            text("UPDATE webhooks SET state = 'paused', paused_why = 'failing', paused_at = now()")
        )
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json["checks"]["webhooks"] == "warning: 1 paused after nothing got through"
    assert 'tracker_webhooks{state="paused_failing"} 1.0' in client.get("/metrics").text
