"""The customers' site as a Flask app: pages, headers, logs."""

import time
from collections.abc import Iterable
from typing import Any

import structlog
from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from public_status import (
    about,
    actions,
    codes,
    embedding,
    errors,
    fees,
    figure_data,
    figures,
    holders,
    lookup,
    lost_number,
    open_data,
    order_page,
    outage_data,
    outages,
    page,
    preferences,
    services,
    shelf,
    spoken,
)
from public_status.desk import Desk
from public_status.limits import Limits
from public_status.rendered import Environ, Headers
from public_status.runtime import PublicRuntime, start
from public_status.shelf import StartResponse
from tracker import config, logs
from tracker.pages import assets

log = structlog.get_logger(__name__)

# A lookup is two short fields.
_LARGEST_BODY = 8_192
# A complaint of a thousand characters, each of which a form may send as nine.
_LARGEST_COMPLAINT = 16_384

# What these show is one person's, and nobody's to keep or to find.
_PRIVATE = (lookup.PATH, embedding.PATH, codes.PATH, holders.ROOT, lost_number.PATH)

_POLICY = (
    "default-src 'none'; style-src 'self' {own_style}; script-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Pages carry telephone numbers of operators only, and those are links already.
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_HSTS = "max-age=31536000"


def create(given: PublicRuntime | None = None) -> Flask:
    """The app, on a runtime of its own unless one is given. Raises ConfigError, KeyRingError."""
    run = given or start(config.load())
    logs.configure(run.config.log_level)
    app = Flask("public_status", static_folder=None)
    app.jinja_environment = spoken.SpokenEnvironment
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY
    # Data and markup are read by people, too.
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions["public"] = run
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    _set_headers(app, secure=run.config.site_is_secure)
    kept = app.extensions["shelf"] = shelf.Shelf(run.published, secure=run.config.site_is_secure)
    app.wsgi_app = kept.before(app.wsgi_app)  # type: ignore[assignment, method-assign]
    if run.config.trusted_proxies:
        hops = run.config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    _log_requests(app)
    _take_complaints(app)
    preferences.register(app, secure=run.config.site_is_secure)
    assets.register(app)
    page.register(app, run)
    errors.register(app)
    embedding.register(app, run.config.embed_origins)
    limits, desk = Limits(run), Desk(run)
    lookup.register(app, run, kept, limits)
    codes.register(app, run, limits, desk)
    lost_number.register(app, run, limits, desk)
    order_page.register(app, run)
    actions.register(app, run, limits, desk)
    fees.register(app, run, kept)
    open_data.register(app, run, kept)
    services.register(app, run, kept)
    outages.register(app, run, kept)
    outage_data.register(app, run, kept)
    about.register(app, run, kept)
    figures.register(app, run, kept)
    figure_data.register(app, run, kept)
    app.add_url_rule("/healthz", "healthz", lambda: {"status": "alive"})
    return app


def _set_headers(app: Flask, *, secure: bool) -> None:
    # The front page carries its own sheet, and no other text may pass for one.
    policy = _POLICY.format(own_style=assets.style_source("home.css"))
    always = [("Content-Security-Policy", policy), *_HEADERS.items()]
    if secure:
        always.append(("Strict-Transport-Security", _HSTS))
    beneath = app.wsgi_app

    def with_headers(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: Headers, *failure: Any) -> Any:
            # Open data says for itself who may read it.
            given = {name for name, _ in headers}
            return start_response(status, headers + [one for one in always if one[0] not in given], *failure)

        return beneath(environ, start)

    # Below Flask, which looks through all headers of an answer for each that is set.
    app.wsgi_app = with_headers  # type: ignore[method-assign]

    @app.after_request
    def protect(response: Response) -> Response:
        if request.path.startswith(_PRIVATE):
            response.headers["Cache-Control"] = "no-store"
            response.headers["X-Robots-Tag"] = "noindex"
        elif response.mimetype == "text/html":
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


def _take_complaints(app: Flask) -> None:
    @app.before_request
    def allow_more() -> None:
        if request.path.startswith(holders.ROOT):
            request.max_content_length = _LARGEST_COMPLAINT


def _log_requests(app: Flask) -> None:
    """One line a request, naming the route and not the path, into which anything can be typed."""

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()

    @app.after_request
    def end(response: Response) -> Response:
        if shelf.is_made_for_the_shelf():
            return response
        fields: dict[str, Any] = {
            "method": request.method,
            "route": request.url_rule.rule if request.url_rule else None,
            "status": response.status_code,
            "ms": round((time.monotonic() - g.began) * 1000, 1) if "began" in g else None,
        }
        log.info("request", **fields)
        return response
