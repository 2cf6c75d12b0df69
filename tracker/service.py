"""The Flask service: the API for channels, the pages for staff, health."""

import time
import uuid
from typing import Any

import structlog
from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from tracker import api, config, health, logs, runtime
from tracker.runtime import Runtime

log = structlog.get_logger(__name__)

# One order is under 2 KB; a batch belongs into a file.
_LARGEST_BODY = 1_000_000


def create(given: Runtime | None = None) -> Flask:
    """The app, on a runtime of its own unless one is given. Raises ConfigError, KeyRingError."""
    run = given or runtime.start(config.load())
    logs.configure(run.config.log_level)
    app = Flask("tracker", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY
    app.config["SECRET_KEY"] = run.config.secret_key
    app.extensions["tracker"] = run
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # of Flask's default provider
    if run.config.trusted_proxies:
        hops = run.config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    _log_requests(app)
    app.register_blueprint(health.blueprint)
    api.register(app)
    return app


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
            "path": request.path,
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
