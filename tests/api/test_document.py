"""The API's description is whole: each operation named and told of, each field in words, each rule there."""

import gzip
import re

import pytest
from documented import Description

from tracker.problems import RULES

DESCRIPTION = "/api/v1/openapi.json"


@pytest.fixture
def described(client) -> Description:
    return client.description()


def test_every_operation_has_a_name_and_words_of_its_own(described) -> None:
    operations = [operation for _, _, operation in described.operations()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    # A name made of the address is one that nobody gave.
    assert [name for name in names if re.match(r"(get|put|post|delete|patch)[A-Z]", name)] == []
    assert [operation["operationId"] for operation in operations if len(operation["summary"]) < 10] == []
    tags = {tag["name"] for tag in described.document["tags"] if tag["description"]}
    assert {tag for operation in operations for tag in operation["tags"]} <= tags


def test_every_parameter_and_every_field_is_told_in_words(described) -> None:
    silent = [
        f"{operation['operationId']} {parameter['name']}"
        for _, _, operation in described.operations()
        for parameter in operation["parameters"]
        if not (parameter.get("description") or parameter["schema"].get("description"))
    ]
    silent += [
        f"{name}.{field}"
        for name, schema in described.document["components"]["schemas"].items()
        for field, told in schema.get("properties", {}).items()
        if not told.get("description") and "$ref" not in told
    ]
    assert silent == []


def test_every_field_has_a_type(described) -> None:
    known = ("type", "$ref", "allOf", "anyOf", "enum", "const")
    untyped = [
        f"{name}.{field}"
        for name, schema in described.document["components"]["schemas"].items()
        for field, told in schema.get("properties", {}).items()
        if not any(word in told for word in known)
    ]
    assert untyped == []


def test_what_a_request_may_hold_is_closed_and_an_answer_leaves_nothing_out(described) -> None:
    schemas = described.document["components"]["schemas"]
    assert [
        name for name, one in schemas.items() if one.get("properties") and one["additionalProperties"]
    ] == []
    assert set(schemas["Order"]["required"]) == set(schemas["Order"]["properties"])


def test_references_lead_somewhere(described, get) -> None:
    for reference in set(re.findall(r'"\$ref": ?"([^"]+)"', get(DESCRIPTION).text)):
        assert described.follow({"$ref": reference}), reference
    names = {operation["operationId"] for _, _, operation in described.operations()}
    for _, _, operation in described.operations():
        for answer in map(described.follow, operation["responses"].values()):
            assert {link["operationId"] for link in answer.get("links", {}).values()} <= names


def test_an_order_leads_on_to_all_that_can_be_done_with_it(described) -> None:
    placed = described.operation("POST", "/api/v1/orders")
    assert placed is not None
    links = described.follow(placed["responses"]["201"])["links"]
    assert set(links) >= {"readOrder", "recordProgress", "recordPayment", "placeHold", "readPromise"}
    assert links["recordProgress"]["parameters"] == {
        "path.number": "$response.body#/number",
        "header.If-Match": "$response.header.ETag",
    }


def test_a_delivery_leads_on_by_the_webhook_that_was_asked_about(described) -> None:
    listed = described.operation("GET", "/api/v1/webhooks/1/deliveries")
    assert listed is not None
    links = described.follow(listed["responses"]["200"])["links"]
    assert links["sendAgain"]["parameters"] == {
        "path.webhook_id": "$request.path.webhook_id",
        "path.delivery_id": "$response.body#/deliveries/0/id",
    }


def test_what_a_query_may_hold_is_told_beside_the_headers(described) -> None:
    sent = described.operation("POST", "/api/v1/order-files")
    assert sent is not None
    told = [(one["in"], one["name"]) for one in sent["parameters"]]
    assert told == [
        ("query", "dry_run"),
        ("query", "notify_old"),
        ("query", "name"),
        ("header", "Idempotency-Key"),
    ]


def test_a_header_that_is_not_always_there_is_told_so(described) -> None:
    asked, sent = (
        described.operation(*of) for of in (("GET", "/api/v1/order-files/1"), ("POST", "/api/v1/order-files"))
    )
    assert asked is not None
    assert sent is not None
    for operation, status, always in ((asked, "200", False), (sent, "202", True)):
        headers = described.follow(operation["responses"][status])["headers"]
        assert described.follow(headers["Retry-After"])["required"] is always


def test_a_rule_is_told_with_its_status_in_both_languages(described, client) -> None:
    placed = described.operation("POST", "/api/v1/orders")
    assert placed is not None
    assert "order.unknown_plan" in described.rules_of(placed)
    told = described.follow(placed["responses"]["422"])["description"]
    assert RULES["order.unknown_plan"].zh in told
    assert RULES["order.unknown_plan"].en in told
    for rule in RULES.values():
        example = described.document["components"]["examples"][rule.id]["value"]
        assert (example["rule"], example["status"]) == (rule.id, rule.status)
    page = client.get("/api/v1/problems").text
    assert [rule for rule in RULES if f'id="{rule}"' not in page] == []


def test_the_description_is_sent_packed_and_only_when_it_is_new(client) -> None:
    plain = client.get(DESCRIPTION)
    packed = client.get(DESCRIPTION, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 5
    again = client.get(DESCRIPTION, headers={"If-None-Match": plain.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_pages_let_no_script_in_but_our_own(client) -> None:
    page = client.get("/api/v1/docs")
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "connect-src 'self'" in policy
    assert not re.search(r"<script(?![^>]* src=)", page.text)
    assert "/api/v1/problems" in page.text
    # No other page lets styles in that are not a file.
    assert "unsafe-inline" not in client.get("/api/v1/problems").headers["Content-Security-Policy"]
    assert "unsafe-inline" not in client.get("/sign-in").headers["Content-Security-Policy"]
