"""Asking at the desk that a delay of an order be excused, and taking that back."""

from typing import Any

from flask import redirect, request, url_for

from tracker import clock
from tracker.excuses.ask_excuse import ask_excuse, retract_excuse
from tracker.excuses.queries import EXCUSES
from tracker.excuses.rules import LARGEST_FILE, LARGEST_REQUEST, MOST_FILES
from tracker.excuses.schemas import ExcuseFormSchema
from tracker.orders.head import Head
from tracker.orders.standing import ENDED_EARLY, N_
from tracker.pages.access import acting, open_to, operator_of, runtime
from tracker.pages.approvals import ask_or_take_back, loaded, words_of
from tracker.pages.excuse_uploads import evidence_sent
from tracker.pages.excuse_words import EXCUSING, FIELDS
from tracker.pages.order_frame import Form, form_page, head, reasons, seen_version
from tracker.pages.outage_request import moment_typed
from tracker.pages.signing_in import blueprint, signed_in
from tracker.problems import Fault, Refusal
from tracker.staff.sign_in import Person

_MEGABYTE = 1_000_000
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
        done = ask_or_take_back(person, order, FIELDS, _ask, _retract)
        if done is None:
            return redirect(url_for("staff.order_excuse", number=order.number))
        form, order = done, head(person, number)
    with runtime().db.reading() as connection:
        asked = EXCUSES.of_order(connection, operator_of(person), order.id)
    return form_page(
        "staff/order_excuse.html",
        person,
        order,
        form,
        FIELDS,
        reasons=reasons(*EXCUSING),
        asked=asked,
        possible=order.stage not in ENDED_EARLY,
        latest=f"{clock.local(clock.now()):%Y-%m-%dT%H:%M}",
        most=MOST_FILES,
        megabytes=LARGEST_FILE // _MEGABYTE,
        in_all=LARGEST_REQUEST // _MEGABYTE,
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
    given = dict(typed)
    faults = []
    for name in _MOMENTS:
        if given[name]:
            given[name] = moment_typed(given[name])
            if not given[name]:
                faults.append(Fault("field.invalid", f"/{name}"))
    try:
        found = loaded(_schema, given)
    except Refusal as refusal:
        told = {fault.pointer for fault in faults}
        faults += [fault for fault in refusal.faults if fault.pointer not in told]
    if faults:
        raise Refusal(*faults)
    return found


def _retract(person: Person, known: int) -> str:
    retract_excuse(runtime(), acting(person), known)
    return N_("已撤回免责申请。")
