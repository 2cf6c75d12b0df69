"""Every error of the API as a problem document (RFC 9457), in the caller's language."""

from typing import Any

from flask import Response, g, jsonify, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from tracker.db import is_outage
from tracker.problems import RULES, Fault, Refusal, faults_in

MEDIA_TYPE = "application/problem+json"

_BY_STATUS = {
    401: "key.missing",
    403: "request.forbidden",
    404: "request.not_found",
    405: "request.method",
    413: "request.too_large",
    415: "request.media_type",
    429: "request.too_many",
    503: "server.unavailable",
}


def language() -> str:
    """zh or en, by Accept-Language; Chinese where nothing is asked for."""
    return request.accept_languages.best_match(["zh", "en"], "zh") or "zh"


def problem(*faults: Fault) -> Response:
    """The document of these faults; the first one gives the status."""
    first, spoken = faults[0], language()
    body: dict[str, Any] = {
        "type": f"urn:problem-type:{first.rule}",
        "title": first.words(spoken),
        "status": RULES[first.rule].status,
        "rule": first.rule,
        "errors": [
            {"rule": fault.rule, "pointer": fault.pointer, "detail": fault.words(spoken)} for fault in faults
        ],
        "request_id": g.get("request_id"),
    }
    response = jsonify(body)
    response.status_code = RULES[first.rule].status
    response.content_type = MEDIA_TYPE
    response.headers["Content-Language"] = spoken
    response.headers["Cache-Control"] = "no-store"
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if response.status_code == 503:
        response.headers["Retry-After"] = "5"
    return response


def of_http_exception(error: HTTPException) -> Response:
    """Werkzeug's and webargs' errors as problems."""
    data = getattr(error, "data", None) or {}
    if "messages" in data:
        messages = data["messages"]
        if error.code == 400:
            return problem(Fault("request.broken_json"))
        return problem(*(faults_in(_of_one_place(messages)) or [Fault("request.malformed")]))
    code = error.code or 500
    if code in _BY_STATUS:
        response = problem(Fault(_BY_STATUS[code]))
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
        return response
    return problem(Fault("request.malformed" if code < 500 else "server.error"))


def _of_one_place(messages: Any) -> Any:
    """webargs' messages without the place that they are about: a pointer begins in a body or a query."""
    if isinstance(messages, dict) and len(messages) == 1:
        return messages.get("json") or messages.get("query") or messages
    return messages


def of_exception(error: Exception) -> Response:
    """Anything else: a refusal, or our own failure, told apart from a store that cannot be reached."""
    if isinstance(error, Refusal):
        return problem(*error.faults)
    return problem(Fault("server.unavailable" if is_outage(error) else "server.error"))
