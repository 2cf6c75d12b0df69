"""Subscriptions over HTTP, for keys with the scope `subscribers`: who has which plan at what price."""

from typing import Any

from flask import Response, jsonify
from flask.views import MethodView

from tracker.api import refusals
from tracker.api.auth import actor, caller, require_scope
from tracker.api.blueprint import Blueprint
from tracker.api.common import IDEMPOTENCY, IF_MATCH, authenticate, etag, if_version, runtime
from tracker.api.idempotency import Answer, once
from tracker.problems import Fault, Refusal
from tracker.subscribers import queries
from tracker.subscribers.end_subscription import end_subscription
from tracker.subscribers.record_subscription import record_subscription
from tracker.subscribers.schemas import (
    SubscriptionEndSchema,
    SubscriptionRequestSchema,
    SubscriptionSchema,
    SubscriptionUpdateSchema,
)
from tracker.subscribers.update_subscription import update_subscription

_SCOPE = "subscribers"
_ADDRESS = "/api/v1/subscribers"

blueprint = Blueprint(
    "subscribers", __name__, url_prefix=_ADDRESS, description="Who has which plan at what price"
)
blueprint.before_request(authenticate)

_shown = SubscriptionSchema()


def _show(reference: str) -> dict[str, Any]:
    """A subscription of the caller's operator as JSON. Raises Refusal subscriber.not_found."""
    run = runtime()
    with run.db.reading() as connection:
        found = queries.subscription(connection, run.keys, caller().operator_id, reference)
    if found is None:
        raise Refusal(Fault("subscriber.not_found"))
    shown: dict[str, Any] = _shown.dump(found)
    return shown


def _answer(status: int, reference: str, **headers: str) -> Answer:
    shown = _show(reference)
    return Answer(status, shown, {"ETag": etag(shown["version"]), **headers})


@blueprint.route("")
class Subscriptions(MethodView):
    """The operator's subscriptions."""

    @blueprint.operation(
        "recordSubscription", *refusals.SUBSCRIBING, scope=_SCOPE, sends=("ETag", "Location")
    )
    @blueprint.doc(parameters=[IDEMPOTENCY])
    @blueprint.arguments(SubscriptionRequestSchema())
    @blueprint.response(201, SubscriptionSchema)
    @blueprint.alt_response(200, schema=SubscriptionSchema, description="It was recorded before")
    def post(self, subscription: dict[str, Any]) -> Any:
        """Record a subscription that the operator has; the same one again is answered 200."""
        require_scope(_SCOPE)

        def act() -> Answer:
            run = runtime()
            reference, new = record_subscription(run.db, run.keys, caller().operator_id, subscription)
            return _answer(201 if new else 200, reference, Location=f"{_ADDRESS}/{reference}")

        return once(runtime(), caller(), act)


@blueprint.route("/<reference>")
class OneSubscription(MethodView):
    """One subscription."""

    @blueprint.operation("readSubscription", *refusals.READING_A_SUBSCRIPTION, scope=_SCOPE, sends=("ETag",))
    @blueprint.response(200, SubscriptionSchema)
    def get(self, reference: str) -> Response:
        """Read a subscription and what became of it; the number is masked."""
        require_scope(_SCOPE)
        shown = _show(reference)
        response = jsonify(shown)
        response.headers["ETag"] = etag(shown["version"])
        return response


@blueprint.route("/<reference>/end")
class SubscriptionEnd(MethodView):
    """The last day of a subscription."""

    @blueprint.operation("endSubscription", *refusals.ENDING_A_SUBSCRIPTION, scope=_SCOPE, sends=("ETag",))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(SubscriptionEndSchema())
    @blueprint.response(200, SubscriptionSchema)
    def post(self, end: dict[str, Any], reference: str) -> Any:
        """End a subscription; its last day may be moved until it has gone by."""
        require_scope(_SCOPE)

        def act() -> Answer:
            end_subscription(
                runtime().db, caller().operator_id, reference, end, actor(), if_version=if_version()
            )
            return _answer(200, reference)

        return once(runtime(), caller(), act)


@blueprint.route("/<reference>/update")
class SubscriptionUpdate(MethodView):
    """What changes of a subscription without an announcement."""

    @blueprint.operation(
        "updateSubscription", *refusals.UPDATING_A_SUBSCRIPTION, scope=_SCOPE, sends=("ETag",)
    )
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(SubscriptionUpdateSchema())
    @blueprint.response(200, SubscriptionSchema)
    def post(self, change: dict[str, Any], reference: str) -> Any:
        """Bring number, language or agreed term up to date; plan and price change by announcement only."""
        require_scope(_SCOPE)

        def act() -> Answer:
            run = runtime()
            update_subscription(
                run.db, run.keys, caller().operator_id, reference, change, actor(), if_version=if_version()
            )
            return _answer(200, reference)

        return once(runtime(), caller(), act)
