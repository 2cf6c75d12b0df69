"""Every error of the API as a problem document (RFC 9457), in the caller's language."""

from typing import Any

import structlog
from flask import Flask, Response, current_app, g, jsonify, request
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from tracker.problems import RULES, Fault, Refusal, faults_in

log = structlog.get_logger(__name__)

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
        inner = messages.get("json", messages) if isinstance(messages, dict) else messages
        return problem(*(faults_in(inner) or [Fault("request.malformed")]))
    code = error.code or 500
    if code in _BY_STATUS:
        return problem(Fault(_BY_STATUS[code]))
    return problem(Fault("request.malformed" if code < 500 else "server.error"))


def of_exception(error: Exception) -> Response:
    """Anything else: our own failure, told apart from a database that cannot be reached."""
    if is_outage(error):
        log.error("store_unavailable", error=type(error).__name__)
        return problem(Fault("server.unavailable"))
    # The text of an exception may quote what a caller sent: only its kind and place are logged.
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place is not None else ""
    log.error("request_failed", error=type(error).__name__, where=where)
    if current_app.debug or current_app.testing:
        raise error
    return problem(Fault("server.error"))


def is_outage(error: Exception) -> bool:
    """Whether the database or Redis could not be reached."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeoutError | RedisError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def register(app: Flask) -> None:
    """Answer every error of the API's addresses with a problem document."""

    @app.errorhandler(Refusal)
    def refused(error: Refusal) -> Response:
        return problem(*error.faults)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response | HTTPException:
        return of_http_exception(error) if request.path.startswith("/api/") else error

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        return of_exception(error)
