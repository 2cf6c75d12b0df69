"""What a portal's system calls: orders sent in, looked up, withdrawn, each answered in its own envelope."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, request
from flask.views import MethodView

from tracker.api.auth import caller, require_scope, require_signature
from tracker.api.blueprint import Blueprint
from tracker.api.common import number_of, runtime
from tracker.api.portals.mapping import Portal
from tracker.api.portals.translate import PortalRefusal, answer, of_refusal, read, refuse
from tracker.api.problems import language
from tracker.orders import queries
from tracker.orders.actor import Actor
from tracker.orders.place_orders import place_order
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import Stage
from tracker.problems import Fault, Refusal

blueprint = Blueprint(
    "portals",
    __name__,
    url_prefix="/api/v1/portals",
    description="Portals with field names, codes and an envelope of their own, each by its mapping file."
    " Requests are signed by the names that the file gives, in headers or in the query, and what could be"
    " judged is answered with 200",
)

_KEY = "tracker.portals"
_ASKED = {
    "required": True,
    "description": "An object of the portal's own fields, as its mapping file names them; others are refused."
    " The example is one for `sample` (样例): its names and codes are invented and those of no real portal.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
_ENVELOPE = {
    "type": "object",
    "description": "A code, words and data, by the names of the portal's mapping file.",
    "minProperties": 3,
    "maxProperties": 3,
}
_WHATEVER_CAME_OF_IT = (
    "The portal's own envelope, also of what is refused: a wrong signature, a scope or limit of the key,"
    " every fault in the body. The example is one of `sample` (样例)."
)
_SENDS = ("RateLimit", "RateLimit-Policy", "Retry-After?")


def register(app: Flask, mapped: Mapping[str, Portal]) -> None:
    """Have these portals answered."""
    app.extensions[_KEY] = mapped


def _answered(name: str, kind: str, act: Callable[[Portal, dict[str, Any]], dict[str, Any]]) -> Response:
    """Who signed, what was asked in our words, and the outcome of `act` in the portal's.

    Answers 200 for all that could be judged, as such portals do. Raises Refusal request.not_found for a
    portal that nobody mapped; our own failures stay what they are.
    """
    portal: Portal | None = current_app.extensions[_KEY].get(name)
    if portal is None:
        raise Refusal(Fault("request.not_found"))
    try:
        try:
            require_signature(runtime(), portal.naming)
            require_scope("orders")
            body = answer(portal, act(portal, read(portal, kind, _sent())), language())
        except Refusal as refusal:
            raise of_refusal(portal, kind, refusal) from None
    except PortalRefusal as refusal:
        body = refuse(portal, refusal.told, language())
    return jsonify(body)


def _sent() -> Any:
    if not request.is_json:
        raise Refusal(Fault("request.media_type"))
    sent = request.get_json(silent=True)
    if sent is None:
        raise Refusal(Fault("request.broken_json"))
    return sent


def _find(asked: dict[str, Any]) -> dict[str, Any]:
    """The channel's order by either number; by both, they have to be of one order."""
    number, theirs = asked["number"], asked["external_reference"]
    with runtime().db.reading() as connection:
        if number is None:
            number = queries.number_of_reference(connection, caller().id, theirs)
        found = None if number is None else queries.channel_order(connection, caller().id, number_of(number))
    if found is None or theirs not in (None, found["external_reference"]):
        raise Refusal(Fault("order.not_found"))
    return found


@blueprint.route("/<portal>/orders")
class PortalOrders(MethodView):
    """Orders of a portal."""

    @blueprint.operation("placePortalOrder", scope="orders", sends=_SENDS)
    @blueprint.doc(security=[], requestBody=_ASKED)
    @blueprint.response(200, _ENVELOPE, description=_WHATEVER_CAME_OF_IT)
    def post(self, portal: str) -> Response:
        """Take in an order. Sent again under the portal's own number, it is answered alike."""

        def act(_: Portal, order: dict[str, Any]) -> dict[str, Any]:
            placed = place_order(runtime(), caller(), order, reference=g.reference)
            return _find({"number": placed.number, "external_reference": None})

        return _answered(portal, "orders", act)


@blueprint.route("/<portal>/progress")
class PortalProgress(MethodView):
    """How far an order of a portal is."""

    @blueprint.operation("readPortalProgress", scope="orders", sends=_SENDS)
    @blueprint.doc(security=[], requestBody=_ASKED)
    @blueprint.response(200, _ENVELOPE, description=_WHATEVER_CAME_OF_IT)
    def post(self, portal: str) -> Response:
        """Look an order up by the portal's own number or by ours."""
        return _answered(portal, "progress", lambda _, asked: _find(asked))


@blueprint.route("/<portal>/withdrawals")
class PortalWithdrawals(MethodView):
    """Orders of a portal that are no longer wanted."""

    @blueprint.operation("withdrawPortalOrder", scope="orders", sends=_SENDS)
    @blueprint.doc(security=[], requestBody=_ASKED)
    @blueprint.response(200, _ENVELOPE, description=_WHATEVER_CAME_OF_IT)
    def post(self, portal: str) -> Response:
        """Withdraw an order before work begins. Sent again, it is answered alike."""

        def act(_: Portal, asked: dict[str, Any]) -> dict[str, Any]:
            order = _find(asked)
            step = {
                "stage": Stage.WITHDRAWN,
                "reason_code": asked["reason_code"],
                "reason_text": asked["reason_text"],
            }
            try:
                record_progress(runtime(), Actor.of_channel(caller()), order["number"], step)
            except Refusal:
                # Withdrawn before, or by the same request a moment ago.
                if _find(asked)["stage"] != Stage.WITHDRAWN:
                    raise
            return _find(asked)

        return _answered(portal, "withdrawals", act)
