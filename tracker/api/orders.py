"""Orders over HTTP: taken in, read, moved on."""

from typing import Any

from flask import g, jsonify
from flask.views import MethodView
from marshmallow import fields, validate

from tracker.api import refusals
from tracker.api.auth import caller, require_scope, require_still
from tracker.api.blueprint import Blueprint
from tracker.api.common import (
    IDEMPOTENCY,
    IF_MATCH,
    authenticate,
    etag,
    if_version,
    number_of,
    runtime,
    show_order,
)
from tracker.api.idempotency import Answer, answered, once, this_request
from tracker.fields import Choice, StrictSchema
from tracker.orders import queries
from tracker.orders.actor import Actor
from tracker.orders.place_at_once import place_at_once
from tracker.orders.place_orders import place_order
from tracker.orders.positions import ORDERS, cursor_of, place_of
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import Stage
from tracker.orders.schemas import (
    OrderPageSchema,
    OrderRequestSchema,
    OrderSchema,
    ProgressRequestSchema,
)
from tracker.orders.write_orders import Kept

blueprint = Blueprint("orders", __name__, url_prefix="/api/v1/orders", description="Installation orders")
blueprint.before_request(authenticate)

# An instance, because flask-smorest would otherwise build the schema anew for each request.
_order = OrderSchema()


@blueprint.before_request
def _may() -> None:
    require_scope("orders")


class PageQuerySchema(StrictSchema):
    """Which page of orders."""

    after = fields.String(load_default="", metadata={"description": "`next` of the page before."})
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    stage = Choice([stage.value for stage in Stage], load_default=None)


@blueprint.route("")
class Orders(MethodView):
    """The orders of the calling channel."""

    @blueprint.operation("listOrders", *refusals.READING_ORDERS, scope="orders")
    @blueprint.arguments(PageQuerySchema(), location="query")
    @blueprint.response(200, OrderPageSchema)
    def get(self, page: dict[str, Any]) -> dict[str, Any]:
        """List the channel's orders, oldest first."""
        after = place_of(page["after"], ORDERS)
        with runtime().db.reading() as connection:
            orders, last, more = queries.channel_orders(
                connection, caller().id, after=after, limit=page["limit"], stage=page["stage"]
            )
        cursor = cursor_of(last, ORDERS)
        return {"orders": orders, "next": cursor if more else None, "last": cursor}

    @blueprint.operation("placeOrder", *refusals.PLACING, scope="orders", sends=("ETag", "Location"))
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(OrderRequestSchema())
    @blueprint.response(201, OrderSchema)
    @blueprint.alt_response(200, schema=OrderSchema, description="It was placed before; as it stands now")
    def post(self, order: dict[str, Any]) -> Any:
        """Take in an order. The promise is computed, stored and told by text."""

        run, channel, asked = runtime(), caller(), this_request()
        response = None

        def keep(shown: dict[str, Any]) -> Kept:
            nonlocal response
            answer = _placed(201, _order.dump(shown))
            response = answered(answer.status, answer.body, answer.headers)
            body = response.get_data(as_text=True)
            return Kept(asked.key, asked.fingerprint, answer.headers, body, g.reference.revision)

        if place_at_once(run, channel, order, g.reference, keep):
            return response

        require_still(run)

        def act() -> Answer:
            placed = place_order(run, caller(), order, reference=g.reference)
            shown = show_order(placed.number, new=not placed.repeated)
            return _placed(200 if placed.repeated else 201, shown)

        return once(run, caller(), act)


def _placed(status: int, shown: dict[str, Any]) -> Answer:
    headers = {"Location": f"/api/v1/orders/{shown['number']}", "ETag": etag(shown["version"])}
    return Answer(status, shown, headers)


@blueprint.route("/<number>")
class OneOrder(MethodView):
    """One order of the calling channel."""

    @blueprint.operation("readOrder", *refusals.READING_AN_ORDER, scope="orders", sends=("ETag",))
    @blueprint.response(200, OrderSchema)
    def get(self, number: str) -> Any:
        """Read an order; its ETag is what a change must name in If-Match."""
        shown = show_order(number_of(number))
        response = jsonify(shown)
        response.headers["ETag"] = etag(shown["version"])
        return response


@blueprint.route("/<number>/progress")
class Progress(MethodView):
    """Steps of an order."""

    @blueprint.operation("recordProgress", *refusals.MOVING, scope="orders", sends=("ETag",))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(ProgressRequestSchema())
    @blueprint.response(200, OrderSchema)
    def post(self, step: dict[str, Any], number: str) -> Any:
        """Move an order to another stage. `next_stages` of the order lists the open moves."""

        def act() -> Answer:
            # Inside, so that a repeated request is answered by its key and not by its stale version.
            version = record_progress(
                runtime(), Actor.of_channel(caller()), number_of(number), step, if_version=if_version()
            )
            return Answer(200, show_order(number_of(number)), {"ETag": etag(version)})

        return once(runtime(), caller(), act)
