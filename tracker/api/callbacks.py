"""Receipts as providers of texts bring them. No channel's key: each proves itself in its own way."""

import hmac

from flask import Response, request
from flask_smorest import Blueprint

from tracker.api.common import runtime
from tracker.notices.apply_receipts import apply_receipts
from tracker.problems import Fault, Refusal
from tracker.sms import aliyun_receipts
from tracker.sms.port import Callback, Received

blueprint = Blueprint(
    "callbacks", __name__, url_prefix="/api/v1/callbacks", description="Receipts from providers of texts"
)


@blueprint.route("/twilio/<notice>", methods=["POST"])
@blueprint.doc(security=[])
@blueprint.response(200, description="Kept, and applied if it was news.")
@blueprint.alt_response(403, description="`callback.not_genuine`: the signature is missing or wrong.")
def twilio(notice: str) -> Response:
    """A status callback of Twilio, signed (X-Twilio-Signature) over the public address."""
    gateway = runtime().routes.gateways.get("twilio")
    if gateway is None:
        raise Refusal(Fault("callback.not_genuine"))
    query = request.query_string.decode("ascii", "replace")
    callback = Callback(
        path=request.path + (f"?{query}" if query else ""),
        body=request.get_data(),
        headers={name.lower(): value for name, value in request.headers},
    )
    received = gateway.receipts(callback)
    if not isinstance(received, Received):
        raise Refusal(Fault("callback.not_genuine"))
    return _applied("twilio", received)


@blueprint.route("/aliyun/<secret>", methods=["POST"])
@blueprint.doc(security=[])
@blueprint.response(200, description='`{"code": 0, "msg": "接收成功"}`: all are kept.')
@blueprint.alt_response(403, description="`callback.not_genuine`: not the configured address.")
def aliyun(secret: str) -> Response:
    """A push of Aliyun's receipts (SmsReport), which nothing but this address protects."""
    wanted = runtime().config.receipt_secret
    if wanted is None or not hmac.compare_digest(wanted.encode(), secret.encode("utf-8", "replace")):
        raise Refusal(Fault("callback.not_genuine"))
    received = aliyun_receipts.read(request.get_data())
    if received is None:
        raise Refusal(Fault("request.broken_json"))
    return _applied("aliyun", received)


def _applied(provider: str, received: Received) -> Response:
    apply_receipts(runtime(), provider, received.receipts)
    return Response(received.acknowledgement, content_type=f"{received.media_type}; charset=utf-8")
