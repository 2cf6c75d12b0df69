"""For whoever has lost an order's number: it is sent to the phone that the order was placed with.

The answer is the same, and takes as long, whether or not anything stands under a phone.
"""

from flask import Flask, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import ValidationError

from public_status.desk import Desk
from public_status.limits import Limits
from public_status.runtime import PublicRuntime
from public_status.spoken import render
from tracker.customer_requests.rules import Kind
from tracker.fields import Phone

PATH = "/lost-number"

# As orders keep a phone's digest.
_PURPOSE = "orders.phone"
_LONGEST = 30


def register(app: Flask, run: PublicRuntime, limits: Limits, desk: Desk) -> None:
    """The page."""

    @app.get(PATH)
    def lost_number() -> str:
        return render("lost_number.html", fault="", typed="", sent=False)

    @app.post(PATH)
    @limits.limit(run.config.lookup_limit)
    def send_numbers() -> ResponseReturnValue:
        typed = request.form.get("phone", "")
        try:
            phone = Phone().deserialize(typed)
        except ValidationError:
            fault = _("请输入报装时留下的手机号，11位数字") if typed.strip() else _("请输入手机号")
            return render("lost_number.html", fault=fault, typed=typed[:_LONGEST], sent=False), 422
        digest = run.keys.digest_of(_PURPOSE, phone)
        desk.hand_in(
            Kind.LOST_NUMBER, operator_id=None, order_id=None, payload={"phone_digest": digest.hex()}
        )
        return render("lost_number.html", fault="", typed="", sent=True)
