"""Orders over HTTP: taken in, read, moved on, paid for."""

from typing import Any

from flask import current_app, g, jsonify, request
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import fields, validate

from tracker.api.auth import caller, require_channel
from tracker.api.idempotency import Answer, once
from tracker.fields import Choice, StrictSchema
from tracker.orders import numbers, queries
from tracker.orders.actor import Actor
from tracker.orders.place_orders import place_order
from tracker.orders.record_payment import record_payment
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import Stage
from tracker.orders.schemas import (
    OrderPageSchema,
    OrderRequestSchema,
    OrderSchema,
    PaymentRequestSchema,
    ProgressRequestSchema,
)
from tracker.problems import Fault, Refusal
from tracker.runtime import Runtime

blueprint = Blueprint("orders", __name__, url_prefix="/api/v1/orders", description="Installation orders")

# Instances, because flask-smorest would otherwise build each schema anew for each request.
_shown = OrderSchema()
_IDEMPOTENCY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_IF_MATCH = {"in": "header", "name": "If-Match", "required": True, "schema": {"type": "string"}}


def _runtime() -> Runtime:
    runtime: Runtime = current_app.extensions["tracker"]
    return runtime


@blueprint.before_request
def _authenticate() -> None:
    require_channel(_runtime())
    if request.method == "POST" and not request.is_json:
        raise Refusal(Fault("request.media_type"))


class PageQuerySchema(StrictSchema):
    """Which page of orders."""

    after = fields.String(load_default="", metadata={"description": "`next` of the page before."})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    stage = Choice([stage.value for stage in Stage], load_default=None)


@blueprint.route("")
class Orders(MethodView):
    """The orders of the calling channel."""

    @blueprint.arguments(PageQuerySchema(), location="query")
    @blueprint.response(200, OrderPageSchema)
    def get(self, page: dict[str, Any]) -> dict[str, Any]:
        """List the channel's orders, oldest first."""
        if page["after"] and not (page["after"].isdecimal() and len(page["after"]) < 19):
            raise Refusal(Fault("field.invalid", "/after"))
        with _runtime().db.reading() as connection:
            orders, after = queries.channel_orders(
                connection,
                caller().id,
                after_id=int(page["after"] or 0),
                limit=page["limit"],
                stage=page["stage"],
            )
        return {"orders": orders, "next": None if after is None else str(after)}

    @blueprint.doc(parameters=[_IDEMPOTENCY])
    @blueprint.arguments(OrderRequestSchema())
    @blueprint.response(201, OrderSchema)
    def post(self, order: dict[str, Any]) -> Any:
        """Take in an order. The promise is computed, stored and told by text."""
        runtime, channel = _runtime(), caller()

        def act() -> Answer:
            placed = place_order(runtime, channel, order, reference=g.reference)
            shown = _show(placed.number)
            return Answer(
                200 if placed.repeated else 201,
                shown,
                {"Location": f"/api/v1/orders/{placed.number}", "ETag": _etag(shown["version"])},
            )

        return once(runtime, channel, act)


@blueprint.route("/<number>")
class OneOrder(MethodView):
    """One order of the calling channel."""

    @blueprint.response(200, OrderSchema)
    def get(self, number: str) -> Any:
        """Read an order; its ETag is what a change must name in If-Match."""
        shown = _show(_number(number))
        response = jsonify(shown)
        response.headers["ETag"] = _etag(shown["version"])
        return response


@blueprint.route("/<number>/progress")
class Progress(MethodView):
    """Steps of an order."""

    @blueprint.doc(parameters=[_IDEMPOTENCY, _IF_MATCH])
    @blueprint.arguments(ProgressRequestSchema())
    @blueprint.response(200, OrderSchema)
    def post(self, step: dict[str, Any], number: str) -> Any:
        """Move an order to another stage. `next_stages` of the order lists the open moves."""
        runtime, channel = _runtime(), caller()

        def act() -> Answer:
            # Inside, so that a repeated request is answered by its key and not by its stale version.
            version = record_progress(
                runtime, Actor.of_channel(channel), _number(number), step, if_version=_if_version()
            )
            return Answer(200, _show(_number(number)), {"ETag": _etag(version)})

        return once(runtime, channel, act)


@blueprint.route("/<number>/payments")
class Payments(MethodView):
    """Money received for an order."""

    @blueprint.doc(parameters=[_IDEMPOTENCY])
    @blueprint.arguments(PaymentRequestSchema())
    @blueprint.response(201, OrderSchema)
    def post(self, payment: dict[str, Any], number: str) -> Any:
        """Record a payment or a refund; what is due and paid shows at the customer's lookup."""
        runtime, channel = _runtime(), caller()

        def act() -> Answer:
            record_payment(runtime, Actor.of_channel(channel), _number(number), payment)
            return Answer(201, _show(_number(number)))

        return once(runtime, channel, act)


def _number(typed: str) -> str:
    number = numbers.normalise(typed)
    if number is None:
        raise Refusal(Fault("order.not_found"))
    return number


def _show(number: str) -> dict[str, Any]:
    """The order as JSON. Raises Refusal order.not_found."""
    with _runtime().db.reading() as connection:
        row = queries.channel_order(connection, caller().id, number)
    if row is None:
        raise Refusal(Fault("order.not_found"))
    shown: dict[str, Any] = _shown.dump(row)
    return shown


def _etag(version: int) -> str:
    return f'"{version}"'


def _if_version() -> int | None:
    """The version that the caller saw; None for `If-Match: *`."""
    if "If-Match" not in request.headers:
        raise Refusal(Fault("version.required"))
    if request.if_match.star_tag:
        return None
    for tag in request.if_match.as_set():
        if tag.isdecimal() and len(tag) < 10:
            return int(tag)
    raise Refusal(Fault("version.stale"))
