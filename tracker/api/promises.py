"""The promise of an order over HTTP: its ledger, holds, re-promises, excused delays; and previews."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask.views import MethodView

from tracker import clock
from tracker.api import refusals
from tracker.api.auth import caller, reference, require_scope
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
from tracker.api.idempotency import Answer, once
from tracker.fields import StrictSchema, Timestamp
from tracker.orders import queries
from tracker.orders.actor import Actor
from tracker.orders.excuse_delay import excuse_delay
from tracker.orders.lift_hold import lift_hold
from tracker.orders.place_hold import place_hold
from tracker.orders.preview_promise import preview_promise
from tracker.orders.promise_anew import promise_anew
from tracker.orders.promise_book import Written
from tracker.orders.schemas import (
    ExcuseRequestSchema,
    HoldRequestSchema,
    LedgerSchema,
    LiftRequestSchema,
    OrderSchema,
    PreviewRequestSchema,
    PreviewSchema,
    RepromiseRequestSchema,
)
from tracker.problems import Fault, Refusal
from tracker.promises.wording import explain

blueprint = Blueprint("promises", __name__, url_prefix="/api/v1", description="Promised deadlines")
blueprint.before_request(authenticate)

Act = Callable[[Actor, str, int | None], Written]


class AsOfSchema(StrictSchema):
    """A past moment."""

    as_of = Timestamp(load_default=None)


def _change(number: str, act: Act) -> Any:
    """Run a use case on the channel's order once per key, and answer with the order as it is then."""
    require_scope("orders")

    def run() -> Answer:
        # Inside, so that a repeated request is answered by its key and not by its stale version.
        written = act(Actor.of_channel(caller()), number_of(number), if_version())
        headers = {
            "ETag": etag(written.version),
            "Location": f"/api/v1/orders/{number_of(number)}/promise#{written.number}",
        }
        return Answer(201, show_order(number_of(number)), headers)

    return once(runtime(), caller(), run)


@blueprint.route("/orders/<number>/promise")
class Promise(MethodView):
    """All that was promised of an order."""

    @blueprint.operation("readPromise", *refusals.READING_AN_ORDER, scope="orders")
    @blueprint.arguments(AsOfSchema(), location="query")
    @blueprint.response(200, LedgerSchema)
    def get(self, query: dict[str, Any], number: str) -> dict[str, Any]:
        """Read the ledger; `standing` is the promise as it is, or was at `as_of`."""
        require_scope("orders")
        with runtime().db.reading() as connection:
            ledger = queries.channel_ledger(connection, caller().id, number_of(number))
        if ledger is None:
            raise Refusal(Fault("order.not_found"))
        as_of: datetime = query["as_of"] or clock.now()
        return {
            "first": ledger.standings[0],
            "entries": [row._asdict() for row in ledger.rows],
            "as_of": as_of,
            "standing": ledger.as_of(as_of),
        }


@blueprint.route("/orders/<number>/holds")
class Holds(MethodView):
    """Holds (缓装) of an order."""

    @blueprint.operation("placeHold", *refusals.HOLDING, scope="orders", sends=("ETag", "Location"))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(HoldRequestSchema())
    @blueprint.response(201, OrderSchema)
    def post(self, hold: dict[str, Any], number: str) -> Any:
        """Stop the clock for the customer's own reason or force majeure; the customer is told."""
        return _change(
            number,
            lambda actor, order, version: place_hold(runtime(), actor, order, hold, if_version=version),
        )


@blueprint.route("/orders/<number>/holds/<int:hold>/lift")
class Lifts(MethodView):
    """The end of a hold before its time."""

    @blueprint.operation("liftHold", *refusals.LIFTING, scope="orders", sends=("ETag", "Location"))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(LiftRequestSchema())
    @blueprint.response(201, OrderSchema)
    def post(self, lift: dict[str, Any], number: str, hold: int) -> Any:
        """Lift the hold with this number of the ledger; the customer is told the date that follows."""
        return _change(
            number,
            lambda actor, order, version: lift_hold(runtime(), actor, order, hold, lift, if_version=version),
        )


@blueprint.route("/orders/<number>/repromises")
class Repromises(MethodView):
    """Promises given anew."""

    @blueprint.operation("promiseAnew", *refusals.PROMISING_ANEW, scope="orders", sends=("ETag", "Location"))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(RepromiseRequestSchema())
    @blueprint.response(201, OrderSchema)
    def post(self, repromise: dict[str, Any], number: str) -> Any:
        """Promise again by the resource that was found, or give a new date; the first promise stays."""
        return _change(
            number,
            lambda actor, order, version: promise_anew(
                runtime(), actor, order, repromise, if_version=version
            ),
        )


@blueprint.route("/orders/<number>/excuses")
class Excuses(MethodView):
    """Delays that are not the operator's doing."""

    @blueprint.operation("excuseDelay", *refusals.EXCUSING, scope="orders", sends=("ETag", "Location"))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(ExcuseRequestSchema())
    @blueprint.response(201, OrderSchema)
    def post(self, excuse: dict[str, Any], number: str) -> Any:
        """Record a third party's delay. The clock runs on; only the net figure may leave it out."""
        return _change(
            number,
            lambda actor, order, version: excuse_delay(runtime(), actor, order, excuse, if_version=version),
        )


@blueprint.route("/promises/preview")
class Preview(MethodView):
    """What would be promised."""

    @blueprint.operation("previewPromise", *refusals.PREVIEWING_A_PROMISE, scope=("orders", "rules"))
    @blueprint.arguments(PreviewRequestSchema())
    @blueprint.response(200, PreviewSchema)
    def post(self, request: dict[str, Any]) -> dict[str, Any]:
        """An order like this, accepted at that time, would be promised …; nothing is stored."""
        require_scope("orders", "rules")
        accepted_at, found = preview_promise(reference(), caller().operator_id, request)
        return {
            "accepted_at": accepted_at,
            "deadline": found.at,
            "provisional": found.provisional,
            # A draft has no id yet.
            "rule_id": found.rule.id or None,
            "explanation": explain(found),
        }
