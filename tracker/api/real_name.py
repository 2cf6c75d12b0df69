"""Real-name checks of an order's customer over HTTP: how they stand, and what came of one."""

from typing import Any

from flask import jsonify
from flask.views import MethodView

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
from tracker.orders.actor import Actor
from tracker.orders.record_check import record_check
from tracker.real_name.rules import missing
from tracker.real_name.schemas import CheckRequestSchema, ChecksSchema

blueprint = Blueprint(
    "real_name", __name__, url_prefix="/api/v1/orders", description="Real-name checks of customers"
)
blueprint.before_request(authenticate)

_checks = ChecksSchema()


@blueprint.before_request
def _may() -> None:
    require_scope("orders")


@blueprint.route("/<number>/real-name-checks")
class RealNameChecks(MethodView):
    """The checks of one order's customer."""

    @blueprint.operation("readRealNameChecks", *refusals.READING_AN_ORDER, scope="orders", sends=("ETag",))
    @blueprint.response(200, ChecksSchema)
    def get(self, number: str) -> Any:
        """Read which checks the operator requires, and what came last of each.

        While one is missing the order can be neither `verified` nor `activated`.
        """
        shown = show_order(number_of(number))
        required = reference().required_checks.get(caller().operator_id, frozenset())
        latest = {one["check"]: one["result"] for one in shown["real_name_checks"]}
        answer = {
            "number": shown["number"],
            "required": sorted(required),
            "missing": list(missing(required, latest)),
        }
        response = jsonify({**_checks.dump(answer), "checks": shown["real_name_checks"]})
        response.headers["ETag"] = etag(shown["version"])
        return response

    @blueprint.operation("recordRealNameCheck", *refusals.RECORDING_A_CHECK, scope="orders", sends=("ETag",))
    @blueprint.doc(parameters=[IDEMPOTENCY, IF_MATCH])
    @blueprint.arguments(CheckRequestSchema())
    @blueprint.response(201, ChecksSchema)
    def post(self, check: dict[str, Any], number: str) -> Any:
        """Record what came of a check; the latest result of each counts. Only staff can waive one.

        Send the number under which whoever checked keeps it, never a picture or number of a document. Of a
        check that failed the customer is told the reason and how to appeal.
        """

        def act() -> Answer:
            # Inside, so that a repeated request is answered by its key and not by its stale version.
            version = record_check(
                runtime(), Actor.of_channel(caller()), number_of(number), check, if_version=if_version()
            )
            return Answer(201, self.get(number).get_json(), {"ETag": etag(version)})

        return once(runtime(), caller(), act)
