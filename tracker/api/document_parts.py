"""What the API's description says once for all operations: its head, headers and problems."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from tracker.problems import RULES

INFO = {
    "title": "宽带报装工单接口 · Installation order tracker",
    "summary": "Broadband installation orders: taken in, promised, moved on, paid for and told of.",
    "description": """\
For the systems of an operator's channels: government portal, app, mini-program, business halls and
administrative service centres.

* **Keys.** `Authorization: Bearer trk_…`, or a signature of each request. A key belongs to a channel and has
  scopes; what an operation needs stands in its description.
* **Limits.** `RateLimit-Policy` and `RateLimit` tell a key what it may do and has left; beyond that the
  answer is 429 `request.too_many` with `Retry-After`.
* **Repeats.** Where `Idempotency-Key` is required, the same key with the same body is answered alike,
  however often and however many at once, with `Idempotency-Replayed: true`. A refusal stores nothing, so
  a mended request may use the key again. 409 `idempotency.running` and any 5xx: send the same again.
* **Versions.** `ETag` names the state that was read, `If-Match` the state that a change is about: 428
  without it, 412 when somebody was faster. `If-Match: *` takes any.
* **Pages.** `limit` and `after`; go on with `next` until it is null. That of events never is:
  poll on with it.
* **Values.** Moments are ISO 8601 with a zone, answers in UTC (`Z`); days are the city's; money is whole
  fen (分). Unknown fields and parameters are refused. Formats of strings: `line` is a line of text without
  control or invisible characters, and not only of spaces; `phone` a valid telephone number; `cursor` the
  `next` of a page.
* **Problems** are `application/problem+json` (RFC 9457): all faults at once, each with a stable `rule` and
  a JSON pointer, in Chinese or, with `Accept-Language: en`, in English. [All rules](/api/v1/problems).
* **Caches.** No answer may be kept (`Cache-Control: no-store`).
* **Methods.** Others than those named here are answered 405 `request.method` with `Allow`; `HEAD` works
  wherever `GET` does.
""",
    "contact": {"name": "The operator's own support of channels"},
    "version": "v1",
}

# Relative, so that it is true behind any proxy.
SERVERS = [{"url": "/", "description": "The server that this description comes from"}]

SECURITY_SCHEMES: Mapping[str, Mapping[str, Any]] = {
    "channel_key": {
        "type": "http",
        "scheme": "bearer",
        "description": "A channel's key, from `tracker keys channel OPERATOR CHANNEL`.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Signature",
        "description": "HMAC-SHA256 of the request under a signing key, in hexadecimal; with it go"
        " `X-App-Id`, `X-Timestamp` and `X-Nonce`. The channel's guide says how it is made.",
    },
}

PROBLEM_MEDIA_TYPE = "application/problem+json"

HEADERS: Mapping[str, Mapping[str, Any]] = {
    "X-Request-Id": {
        "description": "Names the request in our logs.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "example": "5f2f0b6c0d6e4e0c9f0a3b1d2c4e6f80",
    },
    "ETag": {
        "description": "The state of what is shown; a change names it in `If-Match`.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
        "example": '"1"',
    },
    "Location": {
        "description": "Address of what was made.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
        "example": "/api/v1/orders/QY261124K7M4QZD",
    },
    "Content-Disposition": {
        "description": "A name for the file.",
        "required": True,
        "schema": {"type": "string"},
        "example": 'attachment; filename="tariff-change-1.csv"',
    },
    "Idempotency-Replayed": {
        "description": "That the answer was given before, to the same request under the same key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Content-Language": {
        "description": "Language of the words.",
        "required": True,
        "schema": {"type": "string", "enum": ["zh", "en"]},
    },
    "WWW-Authenticate": {
        "description": "What is missing.",
        "required": True,
        "schema": {"type": "string"},
        "example": "Bearer",
    },
    "Retry-After": {
        "description": "Seconds to wait before the same is sent again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
        "example": 5,
    },
    "RateLimit": {
        "description": "What is left of the limit, and for how long (draft-ietf-httpapi-ratelimit-headers).",
        "schema": {"type": "string"},
        "example": '"key";r=597;t=42',
    },
    "RateLimit-Policy": {
        "description": "The limit that holds for the key.",
        "schema": {"type": "string"},
        "example": '"key";q=600;w=60',
    },
}

_ERROR = {
    "type": "object",
    "description": "One fault.",
    "properties": {
        "rule": {"$ref": "#/components/schemas/RuleId"},
        "pointer": {
            "type": "string",
            "description": "Its place in the body or among the parameters (RFC 6901); empty for the whole.",
        },
        "detail": {"type": "string", "description": "The fault in words."},
    },
    "required": ["rule", "pointer", "detail"],
    "additionalProperties": False,
}

SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "RuleId": {
        "type": "string",
        "description": "A rule by its stable id. Programs switch on it; it is never renamed or reused.",
        "enum": sorted(RULES),
    },
    "Problem": {
        "type": "object",
        "description": "Why a request was refused (RFC 9457). Nothing of a refused request was stored.",
        "properties": {
            "type": {
                "type": "string",
                "format": "uri",
                "description": "`urn:problem-type:` and the rule.",
                "pattern": "^urn:problem-type:",
            },
            "title": {"type": "string", "description": "The first fault in words."},
            "status": {"type": "integer", "description": "The HTTP status.", "minimum": 400, "maximum": 599},
            "rule": {"$ref": "#/components/schemas/RuleId", "description": "The first fault's rule."},
            "errors": {
                "type": "array",
                "description": "All faults.",
                "minItems": 1,
                "items": {"$ref": "#/components/schemas/ProblemFault"},
            },
            "request_id": {"type": ["string", "null"], "description": "The request as our logs name it."},
        },
        "required": ["type", "title", "status", "rule", "errors", "request_id"],
        "additionalProperties": False,
    },
    "ProblemFault": _ERROR,
}


class _AnyFigure:
    """Stands in an example where a figure would, whatever the words do with it."""

    def __format__(self, spec: str) -> str:
        return "…"


class _Samples(dict[str, Any]):
    def __missing__(self, name: str) -> Any:
        return _AnyFigure()


_FIGURES = _Samples(
    choices="home, enterprise",
    column="phone",
    columns="plan, monthly_fen",
    day=date(2026, 12, 31),
    days=366,
    earliest="2027-01-01",
    high=1_000_000,
    length=180,
    limit=60,
    low=0,
    name="remark",
    names="number, deadline",
    regions="441802, 441881",
    rule=3,
    scope="tariffs",
    start=30,
    version=2,
    words="优惠",
    year=2027,
)


def example_of(rule_id: str) -> dict[str, Any]:
    """A problem document of one fault, as a caller gets it in English."""
    rule = RULES[rule_id]
    words = rule.en.format_map(_FIGURES)
    pointer = "/customer/phone" if rule_id.startswith(("field.", "phone.")) else ""
    return {
        "summary": rule_id,
        "value": {
            "type": f"urn:problem-type:{rule_id}",
            "title": words,
            "status": rule.status,
            "rule": rule_id,
            "errors": [{"rule": rule_id, "pointer": pointer, "detail": words}],
            "request_id": HEADERS["X-Request-Id"]["example"],
        },
    }


def header_refs(names: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Headers of an answer, by reference; of one that is not always there (`name?`) in full."""
    return {
        name.removesuffix("?"): (
            {**HEADERS[name[:-1]], "required": False}
            if name.endswith("?")
            else {"$ref": f"#/components/headers/{name}"}
        )
        for name in names
    }
