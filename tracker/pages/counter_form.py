"""What the counter's form says: its fields, as they were typed, and the order that they ask for."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from tracker.contacts.recipients import takes_texts
from tracker.orders.schemas import OrderRequestSchema
from tracker.orders.standing import N_
from tracker.pages.outage_request import Asked
from tracker.places.finding import find, label
from tracker.problems import Fault, Refusal, faults_in
from tracker.reference import Place, Reference

# By the names that they have in the form, in its order.
FIELDS = {
    "channel": Asked("channel", N_("受理渠道")),
    "kind": Asked("kind", N_("客户类型")),
    "name": Asked("name", N_("客户姓名或单位名称")),
    "phone": Asked("phone", N_("联系电话")),
    "credit_code": Asked("credit_code", N_("统一社会信用代码")),
    "place": Asked("place", N_("社区（村）")),
    "detail": Asked("detail", N_("详细地址")),
    "plan": Asked("plan", N_("资费方案")),
    "resource": Asked("resource", N_("资源情况")),
    "notify_by": Asked("notify_by", N_("通知方式")),
    "language": Asked("language", N_("通知语言")),
    "needs_assistance": Asked("needs_assistance", N_("需要协助")),
    "dealer": Asked("dealer", N_("代理商")),
    "acknowledged": Asked("acknowledged", N_("客户已知悉")),
}
_HIDDEN = ("token", "community_code", "community_pick", "searched", "stamp")
_FIRST = {"kind": "home", "resource": "ready", "notify_by": "text", "language": "zh"}
# The field of the form in which each part of an order is typed.
_FIELD_OF = {
    "/customer/kind": "kind",
    "/customer/name": "name",
    "/customer/phone": "phone",
    "/customer/credit_code": "credit_code",
    "/address/community_code": "place",
    "/address/detail": "detail",
    "/plan": "plan",
    "/resource": "resource",
    "/notify_by": "notify_by",
    "/language": "language",
    "/dealer": "dealer",
    "/acknowledged": "acknowledged",
    "/channel": "channel",
    "/place": "place",
}
_LONGEST = 300
_TOKEN = re.compile(r"counter-[A-Za-z0-9_-]{22}")
_schema = OrderRequestSchema()


@dataclass(frozen=True)
class Located:
    """The community that a form means; where several fit what was typed, `matches` to choose from."""

    place: Place | None = None
    matches: Sequence[Place] = ()
    fault: Fault | None = None


def first_typed(channel_id: int | None) -> dict[str, str]:
    """An empty form, with a token of its own, by which what it sends makes one order only."""
    typed = dict.fromkeys((*FIELDS, *_HIDDEN), "")
    return typed | _FIRST | {"token": new_token(), "channel": str(channel_id or "")}


def new_token() -> str:
    """The reference of one order-to-be; nobody can guess another's."""
    return f"counter-{secrets.token_urlsafe(16)}"


def typed_in(form: Mapping[str, str]) -> dict[str, str]:
    """What a form brought, cut to what a page can show again."""
    typed = {name: form.get(name, "").replace("\0", "")[:_LONGEST] for name in (*FIELDS, *_HIDDEN)}
    if not _TOKEN.fullmatch(typed["token"]):
        typed["token"] = new_token()
    return typed


def located(reference: Reference, typed: Mapping[str, str]) -> Located:
    """The community that was chosen, or that alone fits what was typed."""
    said = typed["place"].strip()
    places = reference.places
    if typed["community_pick"] in places and said == typed["searched"]:
        return Located(places[typed["community_pick"]])
    chosen = places.get(typed["community_code"])
    if chosen is not None and said in ("", label(chosen)):
        return Located(chosen)
    if not said:
        known = typed["community_code"] == ""
        return Located(fault=Fault("field.required" if known else "order.unknown_community", "/place"))
    matches = find(places.values(), said)
    if len(matches) == 1:
        return Located(matches[0])
    if matches:
        return Located(matches=matches, fault=Fault("counter.place_unclear", "/place"))
    return Located(fault=Fault("counter.place_unknown", "/place"))


def whole(text: str) -> int:
    """An id that a form brought; one that nothing has where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def request_of(typed: Mapping[str, str], place: Place | None, filing_number: str | None) -> dict[str, Any]:
    """The order that is asked for, loaded by OrderRequestSchema.

    Raises Refusal with a fault for every field that is wrong; a community or a plan that is missing is
    another's to tell. A landline gets no texts, so who has one is called.
    """
    company = typed["kind"] == "enterprise"
    given: dict[str, Any] = {
        "external_reference": typed["token"],
        "customer": {"kind": typed["kind"], "name": typed["name"], "phone": typed["phone"]},
        "address": {
            "community_code": place.code if place else "0" * 12,
            "detail": typed["detail"],
        },
        "plan": filing_number or "-",
        "resource": typed["resource"],
        "language": typed["language"],
        "notify_by": typed["notify_by"],
        "needs_assistance": typed["needs_assistance"] == "yes",
    }
    if company and typed["credit_code"].strip():
        given["customer"]["credit_code"] = typed["credit_code"]
    if typed["dealer"].strip():
        given["dealer"] = typed["dealer"]
    try:
        loaded: dict[str, Any] = _schema.load(given)
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    if not takes_texts(loaded["customer"]["phone"]):
        loaded["notify_by"] = "call"
    return loaded


def placed(faults: Sequence[Fault], language: str) -> list[tuple[str, str]]:
    """Each fault's field in the form, empty for none, and its words, in the order of the form."""
    told = [(_FIELD_OF.get(fault.pointer, ""), fault.words(language)) for fault in faults]
    order = ["", *FIELDS]
    return sorted(dict(reversed(told)).items(), key=lambda one: order.index(one[0]))
