"""The desk's own steps of an order before it goes to a team: real-name check passed, line checked."""

from typing import Any

from flask import request

from tracker.orders.head import Head
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import Stage
from tracker.orders.standing import N_
from tracker.pages.access import AT_DESK, acting, language, open_to, operator_of, runtime
from tracker.pages.order_frame import Form, act, form_page, head, seen_version, typed_in
from tracker.pages.outage_request import Asked
from tracker.pages.signing_in import blueprint, signed_in
from tracker.problems import Fault, Refusal
from tracker.real_name.queries import latest_results
from tracker.real_name.rules import CHECKS, missing

# From which stage to which; later ones are an installer's, or a dispatcher's.
NEXT = {Stage.ACCEPTED: Stage.VERIFIED, Stage.VERIFIED: Stage.RESOURCE_CHECKED}
WORDS = {Stage.VERIFIED: N_("核验通过"), Stage.RESOURCE_CHECKED: N_("资源已核查")}
_DONE = {
    Stage.VERIFIED: N_("已记录：实名核验通过。"),
    Stage.RESOURCE_CHECKED: N_("已记录：资源已核查，等待派单。"),
}
_FIELDS = {"reason_text": Asked("reason_text", N_("说明"))}


@blueprint.route("/orders/<number>/step", methods=["GET", "POST"])
@open_to(*AT_DESK)
def order_step(number: str) -> Any:
    """Bring the order to the next stage, where that is the desk's to do."""
    person = signed_in()
    order = head(person, number)
    form = Form()
    if request.method == "POST":
        typed = typed_in(("reason_text", "to"))

        def go_on() -> str:
            # The form says which step it was shown for: a second press must not do the next one.
            if typed["to"] not in WORDS:
                raise Refusal(Fault("order.illegal_move", "/stage"))
            to = Stage(typed["to"])
            step = {"stage": to, "reason_text": typed["reason_text"][:200] or None}
            record_progress(runtime(), acting(person), order.number, step, if_version=seen_version())
            return _DONE[to]

        done = act(person, order, typed, _FIELDS, go_on)
        if not isinstance(done, Form):
            return done
        form, order = done, head(person, number)
    to = NEXT.get(Stage(order.stage))
    return form_page(
        "staff/order_step.html",
        person,
        order,
        form,
        _FIELDS,
        to=to,
        word=to and WORDS[to],
        wanting=_wanting(order, operator_of(person)),
    )


def _wanting(order: Head, operator_id: int) -> list[str]:
    """Required real-name checks that have not passed, in words."""
    required = runtime().reference.current().required_checks.get(operator_id, frozenset())
    with runtime().db.reading() as connection:
        results = latest_results(connection, order.id)
    return [CHECKS[one].said(language()) for one in missing(required, results)]
