"""The JSON API that channels' systems call."""

from collections.abc import Mapping

from flask import Flask
from flask_smorest import Api

from tracker.api import (
    appointments,
    calendar,
    call_tasks,
    callbacks,
    contacts,
    docs,
    events,
    fees,
    limiting,
    notices,
    order_files,
    orders,
    promise_rules,
    promises,
    real_name,
    subscribers,
    tariff_changes,
    tariffs,
    templates,
    webhooks,
)
from tracker.api.blueprint import Id, LongId
from tracker.api.document import complete
from tracker.api.document_parts import INFO
from tracker.api.fields_told import properties_of
from tracker.api.portals import routes as portals
from tracker.api.portals.mapping import Portal


class _Api(Api):  # type: ignore[misc]
    """flask-smorest with every error as our own problem document."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Errors are `tracker.api.problems`'s."""


def register(app: Flask, mapped: Mapping[str, Portal]) -> None:
    """Mount the API under /api/v1, and beside it its description and the pages that show it.

    `mapped`: the portals that have a mapping, by their names.
    """
    app.config |= {"API_TITLE": INFO["title"], "API_VERSION": "v1", "OPENAPI_VERSION": "3.1.0"}
    app.url_map.converters |= {"id": Id, "long_id": LongId}
    limiting.register(app)
    portals.register(app, mapped)
    api = _Api(app)
    api.ma_plugin.converter.add_attribute_function(properties_of)
    for part in (
        orders,
        appointments,
        real_name,
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
    docs.register(app, complete(api.spec.to_dict()))
