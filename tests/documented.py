"""Holds each answer of the API against what its description says that the operation may answer."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

# Headers that say something of an operation: none comes that is not told of.
_TELLING = (
    "ETag",
    "Location",
    "Idempotency-Replayed",
    "Retry-After",
    "WWW-Authenticate",
    "Content-Disposition",
    "RateLimit",
    "RateLimit-Policy",
)


class Description:
    """The OpenAPI document, and what it allows."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        # An address without parts goes before one that would match it too.
        addresses = sorted(document["paths"], key=lambda address: address.count("{"))
        self._addresses = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", one)), one) for one in addresses]
        self._validators: dict[str, Any] = {}

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Each operation with its address and method."""
        for address, item in self.document["paths"].items():
            for method, operation in item.items():
                yield address, method, operation

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """The operation that answers there, if one is described."""
        for pattern, address in self._addresses:
            if pattern.fullmatch(path):
                found: dict[str, Any] | None = self.document["paths"][address].get(method.lower())
                return found
        return None

    def follow(self, node: dict[str, Any]) -> dict[str, Any]:
        """What a reference leads to, or the thing itself."""
        while "$ref" in node and node["$ref"].startswith("#/components/"):
            place: Any = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                place = place[step.replace("~1", "/").replace("~0", "~")]
            node = place
        return node

    def faults(self, schema: Mapping[str, Any], value: Any) -> list[str]:
        """What is wrong with a value by its schema."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {"components": self.document["components"], **schema}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return [
            f"{list(one.instance_path)}: {one.message}" for one in self._validators[key].iter_errors(value)
        ]

    def rules_of(self, operation: dict[str, Any]) -> set[str]:
        """Every rule by which the operation may refuse."""
        return {
            rule
            for answer in operation["responses"].values()
            for media in self.follow(answer).get("content", {}).values()
            if "allOf" in media["schema"]
            for rule in media["schema"]["allOf"][1]["properties"]["rule"]["enum"]
        }

    def check(self, response: TestResponse) -> None:
        """Assert that the answer is one that is told of."""
        asked = response.request
        operation = self.operation(asked.method, asked.path)
        if operation is None:
            return
        place = f"{asked.method} {asked.path} {response.status_code}"
        told = operation["responses"].get(str(response.status_code))
        assert told is not None, f"{place} is not described: {response.text[:400]}"
        answer = self.follow(told)
        self._check_headers(place, answer, response)
        content = answer.get("content", {})
        if not content:
            assert response.data == b"", place
            return
        assert response.mimetype in content, f"{place}: {response.mimetype}"
        if response.mimetype.endswith("json"):
            body = response.get_json()
            assert not self.faults(content[response.mimetype]["schema"], body), (
                f"{place}: {self.faults(content[response.mimetype]['schema'], body)}"
            )
            rules = {one["rule"] for one in body.get("errors", ())} if "rule" in body else set()
            assert rules <= self.rules_of(operation), f"{place}: {rules - self.rules_of(operation)}"

    def _check_headers(self, place: str, answer: dict[str, Any], response: TestResponse) -> None:
        told = {name: self.follow(header) for name, header in answer["headers"].items()}
        for name, header in told.items():
            value = response.headers.get(name)
            assert value is not None or not header.get("required"), f"{place} lacks {name}"
            if value is not None:
                typed = int(value) if header["schema"].get("type") == "integer" else value
                assert not self.faults(header["schema"], typed), f"{place} {name}: {value}"
        untold = [name for name in _TELLING if name in response.headers and name not in told]
        assert not untold, f"{place}: {untold}"
        assert response.headers["Cache-Control"] == "no-store", place


@cache
def _description_of(text: str) -> Description:
    return Description(json.loads(text))


class DocumentedClient(FlaskClient):
    """A client that lets no answer pass which the API's description does not tell of."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        if response.request.path.startswith("/api/v1/") and not response.request.path.endswith(
            "openapi.json"
        ):
            self.description().check(response)
        return response

    def description(self) -> Description:
        """The document as the service gives it."""
        return _description_of(super().open("/api/v1/openapi.json").text)
