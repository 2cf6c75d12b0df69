"""The JSON API that channels' systems call."""

from flask import Flask
from flask_smorest import Api

from tracker.api import (
    calendar,
    call_tasks,
    callbacks,
    contacts,
    events,
    fees,
    limiting,
    notices,
    order_files,
    orders,
    promise_rules,
    promises,
    subscribers,
    tariff_changes,
    tariffs,
    templates,
    webhooks,
)
from tracker.api.portals import routes as portals
from tracker.api.signed import NATIVE


class _Api(Api):  # type: ignore[misc]
    """flask-smorest with every error as our own problem document."""

    def _register_error_handlers(self) -> None:
        """Errors are `tracker.api.problems`'s."""


def register(app: Flask) -> None:
    """Mount the API under /api/v1 and its OpenAPI document at /api/v1/openapi.json.

    Raises ConfigError for a wrong mapping of a portal.
    """
    app.config |= {
        "API_TITLE": "Installation order tracker",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/api/v1",
        "OPENAPI_JSON_PATH": "openapi.json",
    }
    limiting.register(app)
    portals.register(app)
    api = _Api(app)
    api.spec.components.security_scheme("channel_key", {"type": "http", "scheme": "bearer"})
    # The signature comes with three more headers, which docs/channels.md describes.
    api.spec.components.security_scheme(
        "signature", {"type": "apiKey", "in": "header", "name": NATIVE.signature}
    )
    api.spec.options["security"] = [{"channel_key": []}, {"signature": []}]
    for part in (
        orders,
        fees,
        order_files,
        promises,
        promise_rules,
        calendar,
        tariffs,
        tariff_changes,
        templates,
        notices,
        contacts,
        events,
        call_tasks,
        callbacks,
        subscribers,
        portals,
        webhooks,
    ):
        api.register_blueprint(part.blueprint)
    api.register_blueprint(tariff_changes.prices)
