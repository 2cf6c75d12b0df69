"""Promise an order anew at the desk: by the resource that was found, or a later date after a delay."""

from typing import Any

from marshmallow import ValidationError

from tracker import clock
from tracker.orders.head import Head
from tracker.orders.preview_entry import Foreseen, preview_entry
from tracker.orders.promise_anew import promise_anew, repromise_entry
from tracker.orders.schemas import RepromiseRequestSchema
from tracker.orders.standing import N_
from tracker.pages.access import acting, open_to, operator_of, runtime
from tracker.pages.order_frame import Previewed, act_after_preview, form_page, head, reasons, seen_version
from tracker.pages.outage_request import Asked, moment_typed
from tracker.pages.signing_in import blueprint, signed_in
from tracker.problems import Fault, Refusal, faults_in
from tracker.staff.sign_in import Person

FIELDS = {
    "resource": Asked("basis", N_("重新承诺的依据")),
    "deadline": Asked("deadline", N_("新期限")),
    "contact": Asked("contact", N_("跟进人")),
    "extension": Asked("extension", N_("分机")),
    "reason_code": Asked("reason_code", N_("原因")),
    "reason_text": Asked("reason_text", N_("说明")),
    "evidence": Asked("evidence", N_("依据")),
}
BASIS_WORDS = {
    "ready": N_("经核查可直接安装"),
    "needs_building": N_("经核查需先建设线路"),
    "survey": N_("经核查需先现场勘察"),
    "date": N_("不能按期，另定日期"),
}
_TYPED = ("basis", "deadline", "contact", "extension", "reason_code", "reason_text", "evidence")
_schema = RepromiseRequestSchema()


@blueprint.route("/orders/<number>/repromise", methods=["GET", "POST"])
@open_to("dispatcher", "manager")
def order_repromise(number: str) -> Any:
    """The form, then the date that it leads to, then the promise; only the last stores anything."""
    person = signed_in()
    order = head(person, number)
    done = act_after_preview(person, order, _TYPED, FIELDS, _foresee, _promise)
    if not isinstance(done, Previewed):
        return done
    form, foreseen, order = done.form, done.foreseen, done.order
    bases = {code: word for code, word in BASIS_WORDS.items() if code != order.resource}
    return form_page(
        "staff/order_repromise.html",
        person,
        order,
        form,
        FIELDS,
        reasons=reasons(),
        bases=bases,
        foreseen=foreseen,
    )


def _asked(typed: dict[str, str]) -> dict[str, Any]:
    """The promise that was asked for. Raises Refusal with all that is wrong with the form."""
    basis = typed["basis"]
    given: dict[str, Any] = {name: typed[name] for name in ("reason_code", "reason_text", "evidence")}
    faults = []
    if basis not in BASIS_WORDS:
        faults.append(Fault("field.required", "/resource"))
    elif basis == "date":
        given["deadline"] = moment_typed(typed["deadline"])
        if not given["deadline"]:
            rule = "field.invalid" if typed["deadline"] else "field.required"
            faults.append(Fault(rule, "/deadline"))
        contact = {"name": typed["contact"], "extension": typed["extension"]}
        given["contact"] = {name: value for name, value in contact.items() if value} or None
    else:
        given["resource"] = basis
    if not typed["reason_code"]:
        faults.append(Fault("field.required", "/reason_code"))
    try:
        loaded: dict[str, Any] = _schema.load({name: value for name, value in given.items() if value})
    except ValidationError as error:
        told = {fault.pointer for fault in faults}
        found = [_placed(fault) for fault in faults_in(error.messages)]
        raise Refusal(*faults, *(fault for fault in found if fault.pointer not in told)) from None
    if faults:
        raise Refusal(*faults)
    return loaded


def _placed(fault: Fault) -> Fault:
    """A fault of a part of the contact, at the field that holds it."""
    places = {"/contact/extension": "/extension", "/contact/name": "/contact"}
    return Fault(fault.rule, places.get(fault.pointer, fault.pointer), fault.params)


def _promise(person: Person, order: Head, typed: dict[str, str]) -> str:
    promise_anew(runtime(), acting(person), order.number, _asked(typed), if_version=seen_version())
    return N_("已重新承诺，并已告知客户。")


def _foresee(person: Person, order: Head, typed: dict[str, str]) -> Foreseen | None:
    asked, now, reference = _asked(typed), clock.now(), runtime().reference.current()
    with runtime().db.reading() as connection:
        return preview_entry(
            connection,
            reference,
            operator_of(person),
            order.number,
            lambda book: repromise_entry(reference, book, asked, now),
        )
