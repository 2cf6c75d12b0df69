"""What a portal's system calls: orders sent in, looked up, withdrawn, each answered in its own envelope."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, request
from flask.views import MethodView

from tracker.api.auth import caller, require_scope, require_signature
from tracker.api.blueprint import Blueprint
from tracker.api.common import number_of, runtime
from tracker.api.portals.load import load
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
    description="Portals with field names, codes and an envelope of their own, each by its mapping file",
)

_KEY = "tracker.portals"
_SAMPLE = {
    "code": "0000",
    "message": "成功",
    "data": {"YWLSH": "2026112500001", "GDBH": "QY261125K7M4QZX", "HJDM": "10", "HJMC": "已受理"},
}
_DOC = {
    "security": [{"signature": []}],
    "requestBody": {
        "required": True,
        "description": "An object of the portal's own fields, as its mapping file names them.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    "responses": {
        "200": {
            "description": "The portal's own envelope, also of what is refused. The example is that of"
            " `sample` (样例), whose names and codes are invented and those of no real portal.",
            "content": {"application/json": {"schema": {"type": "object"}, "example": _SAMPLE}},
        }
    },
}


def register(app: Flask) -> None:
    """Read the mapping files. Raises ConfigError."""
    app.extensions[_KEY] = load(app.extensions["tracker"].config)


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
    response = jsonify(body)
    response.headers["Cache-Control"] = "no-store"
    return response


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

    @blueprint.doc(**_DOC)
    def post(self, portal: str) -> Response:
        """Take in an order. Sent again under the portal's own number, it is answered alike."""

        def act(_: Portal, order: dict[str, Any]) -> dict[str, Any]:
            placed = place_order(runtime(), caller(), order, reference=g.reference)
            return _find({"number": placed.number, "external_reference": None})

        return _answered(portal, "orders", act)


@blueprint.route("/<portal>/progress")
class PortalProgress(MethodView):
    """How far an order of a portal is."""

    @blueprint.doc(**_DOC)
    def post(self, portal: str) -> Response:
        """Look an order up by the portal's own number or by ours."""
        return _answered(portal, "progress", lambda _, asked: _find(asked))


@blueprint.route("/<portal>/withdrawals")
class PortalWithdrawals(MethodView):
    """Orders of a portal that are no longer wanted."""

    @blueprint.doc(**_DOC)
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
