"""The money of an order over HTTP: what is due, charged, waived, paid and given back."""

from collections.abc import Callable
from typing import Any

from flask import jsonify, request
from flask.views import MethodView

from tracker.api import refusals
from tracker.api.auth import caller, require_scope
from tracker.api.blueprint import Blueprint
from tracker.api.common import (
    IDEMPOTENCY,
    OPTIONAL_IF_MATCH,
    authenticate,
    etag,
    if_version,
    number_of,
    runtime,
    show_order,
)
from tracker.api.idempotency import Answer, once
from tracker.orders.actor import Actor
from tracker.orders.fee_queries import fee_book
from tracker.orders.fee_schemas import ChargeRequestSchema, FeeBookSchema, PaymentRequestSchema
from tracker.orders.record_fees import Recorded
from tracker.orders.record_payment import record_charge, record_payment
from tracker.orders.schemas import OrderSchema
from tracker.problems import Fault, Refusal

blueprint = Blueprint(
    "fees", __name__, url_prefix="/api/v1/orders", description="What is due and paid for orders"
)
blueprint.before_request(authenticate)

_BEFORE = "It was recorded before; the order as it stands now"

_book = FeeBookSchema()


@blueprint.before_request
def _may() -> None:
    require_scope("orders")


def _record(number: str, act: Callable[[str, int | None], Recorded]) -> Any:
    """Run a use case on the channel's order once per key, and answer with the order as it is then.

    Billing systems do not read an order before they tell of its money, so `If-Match` may be left out.
    """

    def run() -> Answer:
        # Inside, so that a repeated request is answered by its key and not by its stale version.
        recorded = act(number_of(number), if_version() if "If-Match" in request.headers else None)
        return Answer(
            200 if recorded.repeated else 201,
            show_order(recorded.number),
            {"ETag": etag(recorded.version), "Location": f"/api/v1/orders/{recorded.number}/fees"},
        )

    return once(runtime(), caller(), run)


@blueprint.route("/<number>/fees")
class Fees(MethodView):
    """The account of an order."""

    @blueprint.operation("readFees", *refusals.READING_AN_ORDER, scope="orders", sends=("ETag",))
    @blueprint.response(200, FeeBookSchema)
    def get(self, number: str) -> Any:
        """Read how each fee stands, with every charge, waiver, payment and refund."""
        with runtime().db.reading() as connection:
            book = fee_book(connection, caller().operator_id, number_of(number), channel_id=caller().id)
        if book is None:
            raise Refusal(Fault("order.not_found"))
        response = jsonify(_book.dump(book))
        response.headers["ETag"] = etag(book.version)
        return response


@blueprint.route("/<number>/payments")
class Payments(MethodView):
    """Money received for an order, or given back."""

    @blueprint.operation("recordPayment", *refusals.PAYING, scope="orders", sends=("ETag", "Location"))
    @blueprint.doc(parameters=[IDEMPOTENCY, OPTIONAL_IF_MATCH])
    @blueprint.arguments(PaymentRequestSchema())
    @blueprint.response(201, OrderSchema)
    @blueprint.alt_response(200, schema=OrderSchema, description=_BEFORE)
    def post(self, payment: dict[str, Any], number: str) -> Any:
        """Record a payment, or a refund as a negative amount; it shows at the customer's lookup.

        The same under its `reference` again is answered 200 with the order as it stands.
        """
        actor = Actor.of_channel(caller())
        return _record(
            number,
            lambda order, version: record_payment(runtime(), actor, order, payment, if_version=version),
        )


@blueprint.route("/<number>/charges")
class Charges(MethodView):
    """What is due for an order beside its plan's fees."""

    @blueprint.operation("recordCharge", *refusals.CHARGING, scope="orders", sends=("ETag", "Location"))
    @blueprint.doc(parameters=[IDEMPOTENCY, OPTIONAL_IF_MATCH])
    @blueprint.arguments(ChargeRequestSchema())
    @blueprint.response(201, OrderSchema)
    @blueprint.alt_response(200, schema=OrderSchema, description=_BEFORE)
    def post(self, charge: dict[str, Any], number: str) -> Any:
        """Record a charge, or a waiver as a negative amount; it shows at the customer's lookup.

        The same under its `reference` again is answered 200 with the order as it stands.
        """
        actor = Actor.of_channel(caller())
        return _record(
            number,
            lambda order, version: record_charge(runtime(), actor, order, charge, if_version=version),
        )
