"""What the desk does to an order's clock and end: hold it, let it go on, withdraw it, undo a hold."""

from typing import Any

from flask import flash, redirect, request, url_for

from tracker import clock
from tracker.customer_requests.rules import CUSTOMERS_REASONS, HOLD_DAYS
from tracker.orders.head import Head
from tracker.orders.hold_rules import STOPS_THE_CLOCK
from tracker.orders.lift_hold import lift_hold
from tracker.orders.place_hold import hold_entry, place_hold
from tracker.orders.preview_entry import Foreseen, preview_entry
from tracker.orders.record_progress import record_progress
from tracker.orders.rules import MOVES, REASONS, Stage
from tracker.orders.standing import N_
from tracker.orders.undo_hold import undo_hold
from tracker.orders.wording import slot
from tracker.pages.access import AT_DESK, acting, language, open_to, operator_of, runtime
from tracker.pages.order_frame import (
    Form,
    Previewed,
    act,
    act_after_preview,
    end_of,
    form_page,
    head,
    reasons,
    seen_version,
    typed_in,
)
from tracker.pages.outage_request import Asked
from tracker.pages.signing_in import blueprint, signed_in
from tracker.problems import Fault, Refusal
from tracker.staff.sign_in import Person

HOLD_FIELDS = {
    "reason_code": Asked("reason_code", N_("原因")),
    "ends_at": Asked("until", N_("缓装至")),
    "evidence": Asked("evidence", N_("依据")),
    "reason_text": Asked("reason_text", N_("说明")),
}
WHY_FIELDS = {
    "reason_code": Asked("reason_code", N_("原因")),
    "reason_text": Asked("reason_text", N_("说明")),
}
_HOLDS = tuple(code for code, reason in REASONS.items() if reason.cause in STOPS_THE_CLOCK)
_TYPED = ("reason_code", "until", "evidence", "reason_text")


@blueprint.route("/orders/<number>/hold", methods=["GET", "POST"])
@open_to(*AT_DESK)
def order_hold(number: str) -> Any:
    """The form, then what it makes of the promise, then the hold; only the last stores anything."""
    person = signed_in()
    order = head(person, number)
    done = act_after_preview(person, order, _TYPED, HOLD_FIELDS, _foresee, _hold)
    if not isinstance(done, Previewed):
        return done
    form, foreseen, order = done.form, done.foreseen, done.order
    return form_page(
        "staff/order_hold.html",
        person,
        order,
        form,
        HOLD_FIELDS,
        reasons=reasons(*_HOLDS),
        foreseen=foreseen,
        slot=lambda visit: slot(*visit, language()),
        today=clock.today(),
        longest=HOLD_DAYS,
    )


@blueprint.route("/orders/<number>/resume", methods=["GET", "POST"])
@open_to(*AT_DESK)
def order_resume(number: str) -> Any:
    """Ask once, then let the clock run again."""
    person = signed_in()
    order = head(person, number)
    form = Form()
    if request.method == "POST":
        typed = typed_in(("reason_text",))

        def resume() -> str:
            if order.hold is None:
                raise Refusal(Fault("hold.not_held"))
            asked = {"reason_text": typed["reason_text"] or None, "resumes_at": None}
            lift_hold(runtime(), acting(person), order.number, order.hold, asked, if_version=seen_version())
            return N_("已恢复办理，新期限已告知客户。")

        done = act(person, order, typed, WHY_FIELDS, resume)
        if not isinstance(done, Form):
            return done
        form, order = done, head(person, number)
    return form_page("staff/order_resume.html", person, order, form, WHY_FIELDS)


@blueprint.route("/orders/<number>/withdraw", methods=["GET", "POST"])
@open_to(*AT_DESK)
def order_withdraw(number: str) -> Any:
    """Ask once why, then end the order as its customer wishes; that cannot be undone."""
    person = signed_in()
    order = head(person, number)
    form = Form()
    if request.method == "POST":
        typed = typed_in(("reason_code", "reason_text"))

        def withdraw() -> str:
            if typed["reason_code"] not in (*CUSTOMERS_REASONS, "other"):
                raise Refusal(Fault("desk.reason_required", "/reason_code"))
            step = {
                "stage": Stage.WITHDRAWN,
                "reason_code": typed["reason_code"],
                "reason_text": typed["reason_text"][:200] or None,
            }
            record_progress(runtime(), acting(person), order.number, step, if_version=seen_version())
            return N_("已撤单，并已告知客户。")

        done = act(person, order, typed, WHY_FIELDS, withdraw)
        if not isinstance(done, Form):
            return done
        form, order = done, head(person, number)
    return form_page(
        "staff/order_withdraw.html",
        person,
        order,
        form,
        WHY_FIELDS,
        reasons=reasons(*CUSTOMERS_REASONS, "other"),
        possible=Stage.WITHDRAWN in MOVES[Stage(order.stage)],
    )


@blueprint.post("/orders/<number>/undo")
@open_to(*AT_DESK)
def order_undo(number: str) -> Any:
    """Take back the hold, or the end of one, that was the last thing done to the order."""
    person = signed_in()
    order = head(person, number)
    try:
        written = undo_hold(runtime(), acting(person), order.number, if_version=seen_version())
        flash(N_("已撤回，承诺期限已重新计算。"))
        if written.visit_off is not None:
            flash(N_("原来的上门已取消，不会恢复，请与客户重新预约。"))
    except Refusal as refusal:
        flash(refusal.faults[0].words(language()))
    return redirect(url_for("staff.order", number=order.number))


def _asked(typed: dict[str, str]) -> dict[str, Any]:
    """The hold as HoldRequestSchema would load it. Raises Refusal with what is missing."""
    ends_at = end_of(typed["until"])
    faults = []
    if typed["reason_code"] not in _HOLDS:
        faults.append(Fault("desk.reason_required", "/reason_code"))
    if ends_at is None:
        rule = "field.invalid" if typed["until"] else "field.required"
        faults.append(Fault(rule, "/ends_at"))
    if faults:
        raise Refusal(*faults)
    return {
        "reason_code": typed["reason_code"],
        "reason_text": typed["reason_text"][:200] or None,
        "evidence": typed["evidence"][:200] or None,
        "starts_at": None,
        "ends_at": ends_at,
    }


def _hold(person: Person, order: Head, typed: dict[str, str]) -> str:
    asked = _asked(typed)
    written = place_hold(runtime(), acting(person), order.number, asked, if_version=seen_version())
    if written.visit_off is not None:
        return N_("已缓装，期间的上门已取消、时段已让出，并已告知客户。10分钟内可撤回缓装，上门须重新预约。")
    return N_("已缓装，并已告知客户。10分钟内可以撤回。")


def _foresee(person: Person, order: Head, typed: dict[str, str]) -> Foreseen | None:
    """What would be promised with the hold. Raises Refusal."""
    asked, now = _asked(typed), clock.now()
    with runtime().db.reading() as connection:
        return preview_entry(
            connection,
            runtime().reference.current(),
            operator_of(person),
            order.number,
            lambda book: hold_entry(book, asked, now),
        )
