"""The Flask service: the API for channels, the pages for staff, health."""

import time
import uuid
from typing import Any

import structlog
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from tracker import api, config, health, logs, metrics, runtime, walls
from tracker.api import problems
from tracker.api.portals.load import load as load_portals
from tracker.db import is_outage
from tracker.pages import errors as page_errors
from tracker.pages import staff_site
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime
from tracker.setting_kinds import ConfigError

log = structlog.get_logger(__name__)

# One order is under 2 KB; a batch belongs into a file.
_LARGEST_BODY = 1_000_000
_PROVES_ITSELF = "/api/v1/callbacks/aliyun/"


def create(given: Runtime | None = None) -> Flask:
    """The app, on a runtime of its own unless one is given. Raises ConfigError, KeyRingError."""
    run = (given or runtime.start(config.load())).walled
    if run.config.secret_key is None:
        raise ConfigError("configuration: TRACKER_SECRET_KEY is needed")
    if run.config.files_dir is None:
        raise ConfigError("configuration: TRACKER_FILES_DIR is needed: installers' photos lie there")
    logs.configure(run.config.log_level)
    app = Flask("tracker", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY
    app.config["SECRET_KEY"] = run.config.secret_key
    app.extensions["tracker"] = run
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of Flask's default provider
    if run.config.trusted_proxies:
        hops = run.config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    _raise_walls(app)
    _log_requests(app)
    _answer_errors(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(metrics.blueprint)
    staff_site.register(app, run)
    api.register(app, load_portals(run.config))
    return app


def _raise_walls(app: Flask) -> None:
    """Each request reaches nothing until it is known who asks, and what follows it reaches nothing again."""

    @app.before_request
    def begin() -> None:
        walls.leave()

    @app.after_request
    def carry(response: Response) -> Response:
        if response.is_streamed and not response.direct_passthrough:
            response.response = walls.carried(response.response)
        return response

    @app.teardown_request
    def end(error: BaseException | None) -> None:
        walls.leave()


def _answer_errors(app: Flask) -> None:
    """Pages answer with pages, everything else with problem documents."""

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        for_people = not request.path.startswith(("/api/", "/healthz", "/readyz", "/metrics"))
        if isinstance(error, RecursionError):
            # A body nested too deeply for the parser, which nothing that we ask for is.
            error = Refusal(Fault("request.broken_json"))
        if isinstance(error, HTTPException):
            if error.code is not None and error.code < 400:
                return error.get_response()  # type: ignore[return-value]  # a redirect that routing raised
            return (
                page_errors.of_status(error.code or 500) if for_people else problems.of_http_exception(error)
            )
        if not isinstance(error, Refusal):
            _log_failure(error)
        if for_people and isinstance(error, Refusal):
            return page_errors.of_status(error.status)
        if for_people:
            return page_errors.of_status(503 if is_outage(error) else 500)
        return problems.of_exception(error)


def _log_failure(error: Exception) -> None:
    """The kind of an exception and its place; its text may quote what a caller sent (I5)."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place is not None else ""
    log.error("request_failed", error=type(error).__name__, where=where, outage=is_outage(error))


def _loggable(path: str) -> str:
    """The path, less the secret of an address that proves its caller."""
    return f"{_PROVES_ITSELF}…" if path.startswith(_PROVES_ITSELF) else path


def _log_requests(app: Flask) -> None:
    """One line a request, with an id that the answer carries too. Addresses hold no personal data."""

    @app.before_request
    def begin() -> None:
        g.request_id = uuid.uuid4().hex
        g.began = time.monotonic()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        fields: dict[str, Any] = {
            "method": request.method,
            "path": _loggable(request.path),
            "status": response.status_code,
            "ms": round((time.monotonic() - g.began) * 1000, 1) if "began" in g else None,
        }
        if "channel" in g:
            fields["channel"] = g.channel.id
        log.info("request", **fields)
        return response

    @app.teardown_request
    def forget(error: BaseException | None) -> None:
        structlog.contextvars.clear_contextvars()
