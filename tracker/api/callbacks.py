"""Receipts as providers of texts bring them. No channel's key: each proves itself in its own way."""

import hmac

from flask import Response, request

from tracker import walls
from tracker.api import refusals
from tracker.api.blueprint import Blueprint
from tracker.api.common import runtime
from tracker.notices.apply_receipts import apply_receipts
from tracker.problems import Fault, Refusal
from tracker.sms import aliyun_receipts
from tracker.sms.port import Callback, Received

# What the providers send; they, and not we, say what it holds.
_SIGNATURE = {
    "in": "header",
    "name": "X-Twilio-Signature",
    "required": True,
    "description": "Twilio's signature over the public address and the form.",
    "schema": {"type": "string"},
    "example": "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
}
_FORM = {
    "required": True,
    "description": "Twilio's form; other fields than these are passed over.",
    "content": {
        "application/x-www-form-urlencoded": {
            "schema": {
                "type": "object",
                "properties": {
                    "MessageSid": {"type": "string", "description": "Twilio's id of the text."},
                    "MessageStatus": {"type": "string", "description": "What became of it."},
                    "ErrorCode": {"type": "string", "description": "Why it did not arrive."},
                },
            }
        }
    },
}
_REPORTS = {
    "required": True,
    "description": "Alibaba Cloud's reports (短信回执, SmsReport); other fields are passed over.",
    "content": {
        "application/json": {
            "schema": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "out_id": {"type": "string", "description": "Our id of the notice."},
                        "biz_id": {"type": "string", "description": "Their id of the text."},
                        "success": {"type": "boolean", "description": "Whether it arrived."},
                        "err_code": {"type": "string", "description": "Why it did not."},
                        "report_time": {"type": "string", "description": "When, by China's clocks."},
                    },
                },
            }
        }
    },
}
_HEARD = {
    "type": "object",
    "properties": {
        "code": {"type": "integer", "const": 0, "description": "All is well."},
        "msg": {"type": "string", "description": "The same in words."},
    },
    "required": ["code", "msg"],
}

blueprint = Blueprint(
    "callbacks", __name__, url_prefix="/api/v1/callbacks", description="Receipts from providers of texts"
)


@blueprint.route("/twilio/<notice>", methods=["POST"])
@blueprint.operation("receiveFromTwilio", *refusals.RECEIVING)
@blueprint.doc(security=[], parameters=[_SIGNATURE], requestBody=_FORM)
@blueprint.response(
    200, {"type": "string"}, content_type="text/plain", description="Kept, and applied if it was news"
)
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
@blueprint.operation("receiveFromAliyun", *refusals.RECEIVING, "request.broken_json")
@blueprint.doc(security=[], requestBody=_REPORTS)
@blueprint.response(200, _HEARD, description="All are kept")
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
    # Providers know no operators: one push may be about texts of several.
    with walls.everywhere():
        apply_receipts(runtime(), provider, received.receipts)
    return Response(received.acknowledgement, content_type=f"{received.media_type}; charset=utf-8")
