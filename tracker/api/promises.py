"""The promise of an order over HTTP: its ledger, holds, re-promises, excused delays; and previews."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from flask.views import MethodView
from sqlalchemy import Row

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
from tracker.excuses.ask_excuse import ask_excuse
from tracker.excuses.queries import excuses_of_channel
from tracker.excuses.schemas import ExcuseSchema, ExcusesSchema
from tracker.fields import StrictSchema, Timestamp
from tracker.orders import queries
from tracker.orders.actor import Actor
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

_excuse = ExcuseSchema()


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
        """Stop the clock for the customer's own reason or force majeure; the customer is told.

        A visit that was to come meanwhile is off: the order is `dispatched` again, without an appointment.
        """
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
    """Delays that are not the operator's doing, once a manager has approved."""

    @blueprint.operation("readExcuses", *refusals.READING_AN_ORDER, scope="orders")
    @blueprint.response(200, ExcusesSchema)
    def get(self, number: str) -> dict[str, Any]:
        """Read every excuse that was asked for of an order, the earliest first."""
        require_scope("orders")
        return {"excuses": [{**row._mapping, "order": row.number} for row in _excuses(number)]}

    @blueprint.operation("excuseDelay", *refusals.EXCUSING, scope="orders", sends=("Location",))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(ExcuseRequestSchema())
    @blueprint.response(202, ExcuseSchema)
    def post(self, excuse: dict[str, Any], number: str) -> Any:
        """Ask that a third party's delay be excused; one of the operator's managers decides.

        The clock runs on. Once it is approved, the net figure leaves the delay out, and an event `excuse`
        tells of it; until then, and where it is refused, nothing changes of the order.
        """
        require_scope("orders")

        def run() -> Answer:
            actor = Actor.of_channel(caller())
            asked = ask_excuse(runtime(), actor, number_of(number), excuse, if_version=if_version())
            where = f"/api/v1/orders/{number_of(number)}/excuses/{asked}"
            return Answer(202, _excuse.dump(_one(number, asked)), {"Location": where})

        return once(runtime(), caller(), run)


@blueprint.route("/orders/<number>/excuses/<long_id:excuse_id>")
class OneExcuse(MethodView):
    """One excuse that was asked for."""

    @blueprint.operation("readExcuse", *refusals.READING_AN_EXCUSE, scope="orders")
    @blueprint.response(200, ExcuseSchema)
    def get(self, number: str, excuse_id: int) -> dict[str, Any]:
        """Read where a request for an excuse stands: open, approved, refused or retracted."""
        require_scope("orders")
        return _one(number, excuse_id)


def _excuses(number: str) -> Sequence[Row[Any]]:
    """Those of the channel's order. Raises Refusal order.not_found."""
    with runtime().db.reading() as connection:
        found = excuses_of_channel(connection, caller().id, number_of(number))
    if found is None:
        raise Refusal(Fault("order.not_found"))
    return found


def _one(number: str, excuse_id: int) -> dict[str, Any]:
    """One of them. Raises Refusal order.not_found, excuse.not_found."""
    for row in _excuses(number):
        if row.id == excuse_id:
            return {**row._mapping, "order": row.number}
    raise Refusal(Fault("excuse.not_found"))


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
