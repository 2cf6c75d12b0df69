"""Correct whom an order is for, and how the customer is told."""

from typing import Any

from flask import request
from marshmallow import ValidationError

from tracker.customer_requests.correct_contact import correct_contact
from tracker.orders.desk_schemas import ContactChangeSchema
from tracker.orders.head import Head
from tracker.orders.rules import CLOSED, Stage
from tracker.orders.standing import N_
from tracker.pages.access import AT_DESK, acting, open_to, runtime
from tracker.pages.order_frame import Form, act, form_page, head, seen_version, typed_in
from tracker.pages.outage_request import Asked
from tracker.pages.signing_in import blueprint, signed_in
from tracker.problems import Refusal, faults_in
from tracker.staff.sign_in import Person

FIELDS = {
    "name": Asked("name", N_("姓名")),
    "phone": Asked("phone", N_("联系电话")),
    "address_detail": Asked("address_detail", N_("详细地址")),
    "notify_by": Asked("notify_by", N_("通知方式")),
    "language": Asked("language", N_("通知语言")),
    "reason": Asked("reason", N_("更正原因")),
}
NOTIFY_WORDS = {"text": N_("短信"), "call": N_("电话")}
LANGUAGE_WORDS = {"zh": N_("中文"), "en": N_("英文")}
_schema = ContactChangeSchema()


@blueprint.route("/orders/<number>/contact", methods=["GET", "POST"])
@open_to(*AT_DESK)
def order_contact(number: str) -> Any:
    """What stands there stays behind its mask: only what is to be otherwise is typed."""
    person = signed_in()
    order = head(person, number)
    form = Form({"notify_by": order.notify_by, "language": order.language})
    if request.method == "POST":
        typed = typed_in(tuple(FIELDS))
        done = act(person, order, typed, FIELDS, lambda: _correct(person, order, typed))
        if not isinstance(done, Form):
            return done
        form, order = done, head(person, number)
    return form_page(
        "staff/order_contact.html",
        person,
        order,
        form,
        FIELDS,
        ways=NOTIFY_WORDS,
        languages=LANGUAGE_WORDS,
        possible=Stage(order.stage) not in CLOSED,
    )


def _correct(person: Person, order: Head, typed: dict[str, str]) -> str:
    try:
        asked = _schema.load({name: value for name, value in typed.items() if value})
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    correct_contact(runtime(), acting(person), order.number, asked, if_version=seen_version())
    return N_("已更正，今后按新的信息通知客户。")
