"""How the API as a whole behaves: methods, addresses, headers, versions, numbers; no input makes it fail."""

from typing import Any

import pytest

ORDERS = "/api/v1/orders"


@pytest.fixture
def number(post, order_body) -> str:
    return str(post(ORDERS, order_body()).json["number"])


def test_another_method_is_told_which_there_are(client, api_key) -> None:
    for method in ("DELETE", "PATCH", "TRACE", "PUT"):
        answer = client.open(ORDERS, method=method, headers={"Authorization": f"Bearer {api_key}"})
        assert (answer.status_code, answer.json["rule"]) == (405, "request.method")
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_head_is_get_without_the_body_and_options_tells_the_methods(client, api_key, number) -> None:
    headers = {"Authorization": f"Bearer {api_key}"}
    head = client.head(f"{ORDERS}/{number}", headers=headers)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", '"1"')
    options = client.options(f"{ORDERS}/{number}", headers=headers)
    assert set(options.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize(
    "address", ["/api/", "/api/v1", "/api/v1/orders/", "/api/v2/orders", "/api/v1/orders/a/b/c"]
)
def test_an_address_that_is_not_there_is_a_problem_in_the_callers_language(client, address: str) -> None:
    answer = client.get(address, headers={"Accept-Language": "en-GB, en;q=0.9"})
    assert (answer.status_code, answer.json["rule"]) == (404, "request.not_found")
    assert answer.json["title"] == "There is nothing at this address."
    assert answer.headers["Content-Language"] == "en"
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "address",
    [
        "orders/%00",
        "orders/%00/fees",
        "order-files/0",
        "order-files/9223372036854775808",
        "webhooks/2147483648",
        "webhooks/1/deliveries/9223372036854775807",
        "subscribers/KD%00",
        "subscribers/KD%00/price",
        "templates/order%00",
        "call-tasks/1%00",
        "call-tasks/99999999999999999999",
        "tariffs/2147483648",
        "tariffs/0",
        "tariffs/99999999999999999999999999",
        "tariff-changes/2147483648",
        "promise-rules/2147483648",
        "orders/%ff%fe",
        "orders/..%2f..",
    ],
)
def test_an_impossible_part_of_an_address_is_nothing_there(get, address: str) -> None:
    answer = get(f"/api/v1/{address}")
    assert answer.status_code == 404, answer.text
    assert answer.json["rule"].endswith(".not_found")


def test_no_answer_may_be_kept(get, post, order_body, number) -> None:
    read, missed = get(f"{ORDERS}/{number}"), get("/api/v1/nothing")
    for answer in (get(ORDERS), read, post(ORDERS, order_body()), missed):
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_parameter_that_is_not_known_is_refused(get) -> None:
    answer = get(f"{ORDERS}?stat=completed")
    assert [(one["rule"], one["pointer"]) for one in answer.json["errors"]] == [("field.unknown", "/stat")]
    assert get(f"{ORDERS}?limit=0").json["errors"][0]["pointer"] == "/limit"


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "٣", "99999999999999999999"])
def test_every_list_refuses_alike_what_is_no_cursor(client, get, cursor) -> None:
    lists = [
        address.format(webhook_id=1)
        for address, method, operation in client.description().operations()
        if method == "get" and any(one["name"] == "after" for one in operation["parameters"])
    ]
    assert len(lists) == 6
    for address in lists:
        answer = get(f"{address}?after={cursor}")
        assert answer.status_code == 422, address
        told = [(one["rule"], one["pointer"]) for one in answer.json["errors"]]
        assert told == [("cursor.malformed", "/after")]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (None, 428),
        ("", 428),
        (",", 428),
        ('""', 412),
        ('W/"1"', 412),
        ('"01"', 412),
        ('"2"', 412),
        ('"x"', 412),
    ],
)
def test_a_condition_names_the_version_as_it_was_told(post, number, given: str | None, status: int) -> None:
    headers = {} if given is None else {"If_Match": given}
    answer = post(f"{ORDERS}/{number}/progress", {"stage": "verified"}, **headers)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("given", ['"1"', "*", '"1", "x"'])
def test_a_condition_that_holds_lets_through(post, number, given: str) -> None:
    assert post(f"{ORDERS}/{number}/progress", {"stage": "verified"}, If_Match=given).status_code == 200


def test_a_key_is_missed_before_a_version_is_compared(client, api_key) -> None:
    for address in ("/api/v1/subscribers/KD1/end", "/api/v1/subscribers/KD1/update", f"{ORDERS}/x/progress"):
        body = {"reason": "x", "ended_on": "2026-11-30"} if address.endswith("end") else {"reason": "x"}
        body = {"stage": "verified"} if address.endswith("progress") else body
        headers = {"Authorization": f"Bearer {api_key}", "If-Match": '"x"'}
        answer = client.post(address, json=body, headers=headers)
        assert (answer.status_code, answer.json["rule"]) == (400, "idempotency.missing")


@pytest.mark.parametrize(
    ("amount", "status"),
    [(100.0, 201), (100.5, 422), (1e400, 422), (-(10**30), 422), ("100", 422), (True, 422)],
)
def test_a_whole_number_is_whole_however_it_is_written(post, number, amount: Any, status: int) -> None:
    payment = {"fee": "installation", "amount_fen": amount, "reference": "P1"}
    assert post(f"{ORDERS}/{number}/payments", payment).status_code == status
