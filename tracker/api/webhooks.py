"""Webhooks over HTTP, for keys with the scope `webhooks`: set up, watched, tried out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Response, g, jsonify
from flask.views import MethodView
from marshmallow import fields, validate

from tracker.api import refusals
from tracker.api.auth import caller, require_scope
from tracker.api.blueprint import Blueprint
from tracker.api.common import IDEMPOTENCY, IF_MATCH, authenticate, etag, id_of, if_version, runtime
from tracker.api.idempotency import Answer, once
from tracker.fields import Choice, StrictSchema
from tracker.orders.actor import Actor
from tracker.problems import Fault, Refusal
from tracker.webhooks import change_webhook as changing
from tracker.webhooks import queries
from tracker.webhooks.rules import Delivery
from tracker.webhooks.schemas import (
    DeliveryPageSchema,
    DeliverySchema,
    NewSecretSchema,
    NothingSchema,
    RotationSchema,
    WebhookRequestSchema,
    WebhookSchema,
    WebhooksSchema,
)
from tracker.webhooks.send_again import send_again, send_test

_ADDRESS = "/api/v1/webhooks"
_SCOPE = "webhooks"

blueprint = Blueprint(
    "webhooks", __name__, url_prefix=_ADDRESS, description="Where a channel's events are sent to"
)
blueprint.before_request(authenticate)

# Instances, because flask-smorest would otherwise build the schemas anew for each request.
_shown, _delivery = WebhookSchema(), DeliverySchema()


@blueprint.before_request
def _may() -> None:
    require_scope(_SCOPE)


class DeliveriesQuerySchema(StrictSchema):
    """Which page of which deliveries."""

    after = fields.String(load_default="", metadata={"description": "`next` of the page before."})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    state = Choice([state.value for state in Delivery], load_default=None)


def _actor() -> Actor:
    return Actor.of_channel(caller())


def _show(webhook_id: int) -> dict[str, Any]:
    """One of the channel's webhooks as JSON. Raises Refusal webhook.not_found."""
    with runtime().db.reading() as connection:
        found = queries.webhook(connection, _actor(), webhook_id)
    if found is None:
        raise Refusal(Fault("webhook.not_found"))
    shown: dict[str, Any] = _shown.dump(found)
    return shown


def _show_delivery(webhook_id: int, delivery_id: int) -> dict[str, Any]:
    _show(webhook_id)
    with runtime().db.reading() as connection:
        found = queries.delivery(connection, webhook_id, delivery_id)
    if found is None:
        raise Refusal(Fault("delivery.not_found"))
    shown: dict[str, Any] = _delivery.dump(found)
    return shown


def _changed(change: Callable[[], None], webhook_id: int) -> Response:
    """One change under its key, answered by the webhook as it has become."""

    def act() -> Answer:
        change()
        shown = _show(webhook_id)
        return Answer(200, shown, {"ETag": etag(shown["version"])})

    return once(runtime(), caller(), act)


def _with_secret(make: Callable[[], tuple[int, str]], status: int) -> Response:
    """One change that makes a secret. The secret goes out once and is not kept with the answer."""

    def act() -> Answer:
        webhook_id, g.secret = make()
        shown = _show(webhook_id) | {"secret": None}
        headers = {"ETag": etag(shown["version"])}
        if status == 201:
            headers["Location"] = f"{_ADDRESS}/{webhook_id}"
        return Answer(status, shown, headers)

    response = once(runtime(), caller(), act)
    if "secret" in g:
        response.set_data(jsonify({**(response.get_json() or {}), "secret": g.secret}).get_data())
    return response


@blueprint.route("")
class Webhooks(MethodView):
    """The webhooks of the calling channel."""

    @blueprint.operation("listWebhooks", scope=_SCOPE)
    @blueprint.response(200, WebhooksSchema)
    def get(self) -> dict[str, Any]:
        """List the channel's webhooks, oldest first; there are five at most."""
        with runtime().db.reading() as connection:
            return {"webhooks": queries.webhooks(connection, _actor())}

    @blueprint.operation(
        "setUpWebhook", *refusals.SETTING_UP_A_WEBHOOK, scope=_SCOPE, sends=("ETag", "Location")
    )
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(WebhookRequestSchema())
    @blueprint.response(201, NewSecretSchema)
    def post(self, webhook: dict[str, Any]) -> Any:
        """Set a webhook up. It is told of what happens from now on; the answer holds its secret, once."""
        return _with_secret(
            lambda: changing.create_webhook(runtime(), _actor(), caller().id, webhook), status=201
        )


@blueprint.route("/<id:webhook_id>")
class OneWebhook(MethodView):
    """One webhook."""

    @blueprint.operation("readWebhook", *refusals.READING_A_WEBHOOK, scope=_SCOPE, sends=("ETag",))
    @blueprint.response(200, WebhookSchema)
    def get(self, webhook_id: int) -> Response:
        """Read a webhook; its ETag is what a change must name in If-Match."""
        shown = _show(webhook_id)
        response = jsonify(shown)
        response.headers["ETag"] = etag(shown["version"])
        return response

    @blueprint.operation("changeWebhook", *refusals.CHANGING_A_WEBHOOK, scope=_SCOPE, sends=("ETag",))
    @blueprint.doc(parameters=[IF_MATCH])
    @blueprint.arguments(WebhookRequestSchema())
    @blueprint.response(200, WebhookSchema)
    def put(self, webhook: dict[str, Any], webhook_id: int) -> Response:
        """Put another address or other types of events in place."""
        changing.change_webhook(runtime(), _actor(), webhook_id, webhook, if_version=if_version())
        return self.get(webhook_id)

    @blueprint.operation("removeWebhook", *refusals.READING_A_WEBHOOK, scope=_SCOPE)
    @blueprint.doc(parameters=[IF_MATCH])
    @blueprint.response(204, description="It is gone")
    def delete(self, webhook_id: int) -> None:
        """Take a webhook away; what it was still to be told of is given up."""
        changing.delete_webhook(runtime(), _actor(), webhook_id, if_version=if_version())


@blueprint.route("/<id:webhook_id>/pause")
class WebhookPause(MethodView):
    """A webhook paused."""

    @blueprint.operation("pauseWebhook", *refusals.READING_A_WEBHOOK, scope=_SCOPE, sends=("ETag",))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(NothingSchema())
    @blueprint.response(200, WebhookSchema)
    def post(self, nothing: dict[str, Any], webhook_id: int) -> Any:
        """Send nothing more until it is resumed; nothing is lost meanwhile."""
        return _changed(
            lambda: changing.pause_webhook(runtime(), _actor(), webhook_id, if_version=if_version()),
            webhook_id,
        )


@blueprint.route("/<id:webhook_id>/resume")
class WebhookResumption(MethodView):
    """A webhook resumed."""

    @blueprint.operation("resumeWebhook", *refusals.READING_A_WEBHOOK, scope=_SCOPE, sends=("ETag",))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(NothingSchema())
    @blueprint.response(200, WebhookSchema)
    def post(self, nothing: dict[str, Any], webhook_id: int) -> Any:
        """Go on where it stopped, whoever or whatever had paused it."""
        return _changed(
            lambda: changing.resume_webhook(runtime(), _actor(), webhook_id, if_version=if_version()),
            webhook_id,
        )


@blueprint.route("/<id:webhook_id>/rotate")
class WebhookRotation(MethodView):
    """Another secret."""

    @blueprint.operation("rotateWebhookSecret", *refusals.READING_A_WEBHOOK, scope=_SCOPE, sends=("ETag",))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(RotationSchema())
    @blueprint.response(200, NewSecretSchema)
    def post(self, rotation: dict[str, Any], webhook_id: int) -> Any:
        """Give it another secret, which the answer holds once; for some hours both sign."""

        def rotate() -> tuple[int, str]:
            overlap = timedelta(hours=rotation["overlap_hours"])
            secret = changing.rotate_secret(runtime(), _actor(), webhook_id, overlap, if_version=if_version())
            return webhook_id, secret

        return _with_secret(rotate, status=200)


@blueprint.route("/<id:webhook_id>/test")
class WebhookTest(MethodView):
    """A test."""

    @blueprint.operation("testWebhook", *refusals.READING_A_WEBHOOK, scope=_SCOPE, sends=("Location",))
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(NothingSchema())
    @blueprint.response(202, DeliverySchema)
    def post(self, nothing: dict[str, Any], webhook_id: int) -> Any:
        """Have a `test.ping` sent; read the delivery a moment later for what came back."""

        def act() -> Answer:
            return _accepted(webhook_id, send_test(runtime(), _actor(), webhook_id))

        return once(runtime(), caller(), act)


def _accepted(webhook_id: int, delivery_id: int) -> Answer:
    location = f"{_ADDRESS}/{webhook_id}/deliveries/{delivery_id}"
    return Answer(202, _show_delivery(webhook_id, delivery_id), {"Location": location})


@blueprint.route("/<id:webhook_id>/deliveries")
class Deliveries(MethodView):
    """What was sent to a webhook."""

    @blueprint.operation("listDeliveries", *refusals.READING_DELIVERIES, scope=_SCOPE)
    @blueprint.arguments(DeliveriesQuerySchema(), location="query")
    @blueprint.response(200, DeliveryPageSchema)
    def get(self, page: dict[str, Any], webhook_id: int) -> dict[str, Any]:
        """List deliveries, newest first; they are kept for 30 days after their end."""
        before = id_of(page["after"])
        _show(webhook_id)
        with runtime().db.reading() as connection:
            rows, following = queries.deliveries(
                connection,
                webhook_id,
                before_id=before,
                limit=page["limit"],
                state=page["state"],
            )
        return {"deliveries": rows, "next": None if following is None else str(following)}


@blueprint.route("/<id:webhook_id>/deliveries/<long_id:delivery_id>")
class OneDelivery(MethodView):
    """One delivery."""

    @blueprint.operation("readDelivery", *refusals.READING_A_DELIVERY, scope=_SCOPE)
    @blueprint.response(200, DeliverySchema)
    def get(self, webhook_id: int, delivery_id: int) -> Response:
        """Read a delivery, its attempts and the last answer to it."""
        return jsonify(_show_delivery(webhook_id, delivery_id))


@blueprint.route("/<id:webhook_id>/deliveries/<long_id:delivery_id>/resend")
class Resending(MethodView):
    """A delivery sent again."""

    @blueprint.operation("sendAgain", *refusals.SENDING_AGAIN, scope=_SCOPE, sends=("Location",))
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(NothingSchema())
    @blueprint.response(202, DeliverySchema)
    def post(self, nothing: dict[str, Any], webhook_id: int, delivery_id: int) -> Any:
        """Have an event sent once more under its own message id, whatever became of it before."""

        def act() -> Answer:
            return _accepted(webhook_id, send_again(runtime(), _actor(), webhook_id, delivery_id))

        return once(runtime(), caller(), act)
