"""Asking at the desk that a delay of an order be excused, and taking that back."""

from typing import Any

from flask import redirect, request, url_for
from marshmallow import ValidationError

from tracker import clock
from tracker.excuses.ask_excuse import ask_excuse, retract_excuse
from tracker.excuses.queries import excuses_of_order
from tracker.excuses.rules import LARGEST_FILE, MOST_FILES
from tracker.excuses.schemas import ExcuseFormSchema
from tracker.orders.head import Head
from tracker.orders.standing import ENDED_EARLY, N_
from tracker.pages.access import acting, label_of, open_to, operator_of, runtime
from tracker.pages.excuse_uploads import evidence_sent
from tracker.pages.excuse_words import EXCUSING, FIELDS, words_of
from tracker.pages.order_frame import Form, act, form_page, head, reasons, seen_version, typed_in
from tracker.pages.outage_request import moment_typed
from tracker.pages.signing_in import blueprint, signed_in
from tracker.problems import Fault, Refusal, faults_in
from tracker.staff.sign_in import Person

_MEGABYTE = 1_000_000
_TYPED = tuple(name for name in FIELDS if name != "files")
_MOMENTS = ("starts_at", "ends_at")
_schema = ExcuseFormSchema()


@blueprint.route("/orders/<number>/excuse", methods=["GET", "POST"])
@open_to("dispatcher", "manager")
def order_excuse(number: str) -> Any:
    """Ask for it, or take one's own request back while nobody has decided."""
    person = signed_in()
    order = head(person, number)
    form = Form()
    if request.method == "POST":
        typed = typed_in(_TYPED)
        retracts = request.form.get("step") == "retract"
        done = act(
            person,
            order,
            typed,
            FIELDS,
            lambda: _retract(person) if retracts else _ask(person, order, typed),
        )
        if not isinstance(done, Form):
            return redirect(url_for("staff.order_excuse", number=order.number))
        form, order = done, head(person, number)
    with runtime().db.reading() as connection:
        asked = excuses_of_order(connection, operator_of(person), order.id)
    return form_page(
        "staff/order_excuse.html",
        person,
        order,
        form,
        FIELDS,
        reasons=reasons(*EXCUSING),
        asked=asked,
        possible=order.stage not in ENDED_EARLY,
        own=label_of(person),
        latest=f"{clock.local(clock.now()):%Y-%m-%dT%H:%M}",
        most=MOST_FILES,
        megabytes=LARGEST_FILE // _MEGABYTE,
        **words_of(person),
    )


def _ask(person: Person, order: Head, typed: dict[str, str]) -> str:
    ask_excuse(
        runtime(),
        acting(person),
        order.number,
        _loaded(typed),
        uploads=evidence_sent(),
        if_version=seen_version(),
    )
    return N_("已提交免责申请，等待另一位经理审批。")


def _loaded(typed: dict[str, str]) -> dict[str, Any]:
    """What was typed. Raises Refusal with all that is wrong."""
    given = {name: value for name, value in typed.items() if value}
    faults = []
    for name in _MOMENTS:
        if name in given:
            given[name] = moment_typed(given[name])
            if not given[name]:
                faults.append(Fault("field.invalid", f"/{name}"))
    try:
        loaded: dict[str, Any] = _schema.load(given)
    except ValidationError as error:
        told = {fault.pointer for fault in faults}
        faults += [fault for fault in faults_in(error.messages) if fault.pointer not in told]
    if faults:
        raise Refusal(*faults)
    return loaded


def _retract(person: Person) -> str:
    given = request.form.get("request", "")
    if not given.isdecimal() or len(given) > 18:
        raise Refusal(Fault("excuse.not_found"))
    retract_excuse(runtime(), acting(person), int(given))
    return N_("已撤回免责申请。")
