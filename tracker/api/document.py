"""The API's description (OpenAPI 3.1), completed once when the service starts.

flask-smorest gives the addresses, the parameters and the schemas. What follows from them is added here:
the problems of each operation with their rules, headers, examples, links, and words for every field.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tracker.api.blueprint import NOTES
from tracker.api.document_parts import (
    HEADERS,
    INFO,
    PROBLEM_MEDIA_TYPE,
    SCHEMAS,
    SECURITY_SCHEMES,
    SERVERS,
    example_of,
    header_refs,
)
from tracker.api.examples import examples
from tracker.api.fields_told import complete_schemas
from tracker.api.links import Target, links_of
from tracker.api.parameters import PARTS, QUESTIONS
from tracker.problems import RULES

_METHODS = ("get", "put", "post", "delete", "patch")
_JSON = "application/json"
_EVERY = ("request.malformed", "server.error", "server.unavailable")
_KEYED = (
    "key.missing",
    "key.unknown",
    "key.expired",
    "signature.missing",
    "signature.timestamp",
    "signature.too_old",
    "signature.in_the_future",
    "signature.nonce",
    "signature.wrong",
    "signature.replayed",
    "request.too_many",
)
_WITH_BODY = ("request.broken_json", "request.too_large", "request.media_type")
_WITH_OTHER_BODY = ("request.too_large",)
_ONCE = ("idempotency.missing", "idempotency.malformed", "idempotency.reused", "idempotency.running")
_VERSIONED = ("version.required", "version.stale")
_RATED = ("RateLimit", "RateLimit-Policy")
_MORE_HEADERS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
_TITLES = {
    400: "The request is malformed",
    401: "No valid key",
    403: "Not allowed",
    404: "Nothing there",
    409: "It does not go together with what is stored",
    412: "Changed since",
    413: "Too large",
    415: "Not of a kind that is taken",
    422: "What was sent is not right",
    428: "`If-Match` is missing",
    429: "Too many requests",
    500: "Our fault",
    503: "Unavailable for now",
}

_ORDER = (
    "tags",
    "summary",
    "description",
    "operationId",
    "security",
    "parameters",
    "requestBody",
    "responses",
)

Operation = dict[str, Any]


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """The description, with everything that follows from what `document` holds of the routes."""
    operations = list(_operations(document))
    for address, method, operation in operations:
        _head(address, method, operation)
    targets = [_target(address, operation) for address, _, operation in operations]
    for address, _, operation in operations:
        notes = operation.pop(NOTES)
        _tidy_parameters(operation)
        _give_examples(operation)
        _complete_answers(operation, notes, targets)
        operation["responses"] |= _problems(address, operation, notes)
    shared = _share_answers([operation["responses"] for _, _, operation in operations])
    schemas = document["components"]["schemas"]
    for name in ("Error", "PaginationMetadata"):
        schemas.pop(name, None)
    complete_schemas(document, (operation for _, _, operation in operations))
    return {
        "openapi": document["openapi"],
        "info": INFO,
        "servers": SERVERS,
        "security": [{name: []} for name in SECURITY_SCHEMES],
        "tags": [{**tag, "name": _tag(tag["name"])} for tag in document.get("tags", ())],
        "paths": {
            address: {method: _in_order(operation) for method, operation in item.items()}
            for address, item in document["paths"].items()
        },
        "components": {
            "securitySchemes": SECURITY_SCHEMES,
            "schemas": dict(sorted((schemas | SCHEMAS).items())),
            "responses": shared,
            "headers": HEADERS,
            "examples": {name: {"value": value} for name, value in examples().items()}
            | {rule: example_of(rule) for rule in sorted(RULES)},
        },
    }


def _share_answers(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """Tell an answer that several operations give in one place, and refer to it from theirs."""
    given = Counter((status, json.dumps(one)) for of_one in answers for status, one in of_one.items())
    shared: dict[str, Any] = {}
    names: dict[tuple[str, str], str] = {}
    for of_one in answers:
        for status, answer in of_one.items():
            key = (status, json.dumps(answer))
            if given[key] > 1 and key not in names:
                number = sum(name.startswith(f"Answer{status}") for name in shared)
                names[key] = f"Answer{status}" + (f"-{number + 1}" if number else "")
                shared[names[key]] = answer
            if key in names:
                of_one[status] = {"$ref": f"#/components/responses/{names[key]}"}
    return shared


def _in_order(operation: Operation) -> Operation:
    """The operation as one reads it: name and words, what it takes, what it answers."""
    return {name: operation[name] for name in _ORDER if name in operation} | operation


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    for address, item in document["paths"].items():
        # Parts of an address belong to each of its operations, which are told one by one.
        shared = item.pop("parameters", [])
        for part in shared:
            part |= PARTS.get(part["name"], {})
        for method in _METHODS:
            if method in item:
                operation = item[method]
                operation["parameters"] = shared + operation.get("parameters", [])
                yield address, method, operation


def _head(address: str, method: str, operation: Operation) -> None:
    """Name, summary (the first sentence of the docstring) and description (the others, and the scope)."""
    notes = operation[NOTES]
    words = " ".join(f"{operation.get('summary', '')} {operation.get('description', '')}".split())
    first, _, rest = words.partition(". ")
    scopes = " or ".join(f"`{scope}`" for scope in notes["scopes"])
    needed = f"The key needs the scope {scopes}." if scopes else ""
    operation["operationId"] = notes["name"] or method + re.sub(r"\W+(\w)", lambda m: m[1].upper(), address)
    operation["summary"] = first.rstrip(".").replace("`", "")
    operation["description"] = "\n\n".join(part for part in (rest, needed) if part)
    if not operation["description"]:
        del operation["description"]
    operation["tags"] = [_tag(name) for name in operation["tags"]]


def _tag(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").capitalize()


def _target(address: str, operation: Operation) -> Target:
    return Target(
        operation["operationId"],
        frozenset(re.findall(r"\{(\w+)\}", address)),
        _takes(operation, "If-Match"),
    )


def _takes(operation: Operation, header: str) -> bool:
    return any(p["in"] == "header" and p["name"] == header for p in operation["parameters"])


def _tidy_parameters(operation: Operation) -> None:
    """A parameter of a query cannot be null, but is left out; cursors are ours alone to make."""
    for parameter in operation["parameters"]:
        schema = parameter["schema"]
        if parameter["in"] == "query" and parameter["name"] in QUESTIONS:
            parameter.setdefault("description", QUESTIONS[parameter["name"]])
        if isinstance(schema.get("type"), list):
            schema["type"] = next(kind for kind in schema["type"] if kind != "null")
        if "enum" in schema:
            schema["enum"] = [value for value in schema["enum"] if value is not None]
        if schema.get("default", ...) in (None, ""):
            del schema["default"]
        if parameter["name"] == "after":
            schema["format"] = "cursor"


def _give_examples(operation: Operation) -> None:
    for media in operation.get("requestBody", {}).get("content", {}).values():
        _give_example(media, operation["operationId"])


def _give_example(media: dict[str, Any], operation_id: str) -> None:
    """The examples of the operation, or else of the schema; a binary has none that could be shown."""
    if media.get("schema", {}).get("format") == "binary":
        return
    of = operation_id if operation_id in examples() else _name_of(media)
    # `ProgressRequest.appointed` is a further example of a `ProgressRequest`.
    names = [name for name in examples() if name.partition(".")[0] == of]
    if names:
        media["examples"] = {name: {"$ref": f"#/components/examples/{name}"} for name in names}


def _name_of(media: Mapping[str, Any]) -> str:
    return str(media.get("schema", {}).get("$ref", "")).rpartition("/")[2]


def _complete_answers(operation: Operation, notes: Mapping[str, Any], targets: Iterable[Target]) -> None:
    """The answers to a request that is granted; what flask-smorest says of others is dropped."""
    granted = {
        code: answer for code, answer in operation["responses"].items() if code.startswith("2") and code
    }
    headers = ["X-Request-Id", *notes["sends"]]
    if _takes(operation, "Idempotency-Key"):
        headers.append("Idempotency-Replayed")
    if _keyed(operation):
        headers += _RATED
    for answer in granted.values():
        answer["headers"] = header_refs(headers)
        for media_type, media in answer.get("content", {}).items():
            _give_example(media, f"{operation['operationId']}Answer")
            links = links_of(_name_of(media), "ETag" in notes["sends"], iter(targets))
            if links and media_type == _JSON:
                answer["links"] = links
    operation["responses"] = granted


def _keyed(operation: Operation) -> bool:
    return operation.get("security") != []


def _problems(address: str, operation: Operation, notes: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to a request that is refused, by their status."""
    rules = {*_EVERY, *notes["rules"], *notes["field_rules"]}
    keyed = _keyed(operation)
    rated = keyed or "RateLimit" in notes["sends"]
    if keyed:
        rules |= {*_KEYED, *(("key.scope",) if notes["scopes"] else ())}
    if "requestBody" in operation:
        ours = keyed and _JSON in operation["requestBody"]["content"]
        rules |= set(_WITH_BODY if ours else _WITH_OTHER_BODY)
    if _takes(operation, "Idempotency-Key"):
        rules |= set(_ONCE)
    if _takes(operation, "If-Match"):
        rules |= set(_VERSIONED)
    if "{" in address:
        rules.add("request.not_found")
    by_status: dict[int, list[str]] = {}
    for rule in sorted(rules):
        by_status.setdefault(RULES[rule].status, []).append(rule)
    return {
        str(status): _problem(status, of_status, rated=rated)
        for status, of_status in sorted(by_status.items())
    }


def _problem(status: int, rules: list[str], *, rated: bool) -> dict[str, Any]:
    told = "\n".join(f"* `{rule}`: {RULES[rule].zh}。{RULES[rule].en}" for rule in rules)
    headers = ["X-Request-Id", "Content-Language", *_MORE_HEADERS.get(status, ())]
    if rated and status != 401:
        headers += _RATED
    own = {"properties": {"status": {"const": status}, "rule": {"enum": rules}}}
    return {
        "description": f"{_TITLES[status]}.\n\n{told}",
        "headers": header_refs(headers),
        "content": {
            PROBLEM_MEDIA_TYPE: {
                "schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, own]},
                "examples": {rule: {"$ref": f"#/components/examples/{rule}"} for rule in rules},
            }
        },
    }
