"""The visit of one order, for its operator's staff: as it is agreed, another slot, and having it back."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.customer_requests.rules import UNDO_WITHIN
from tracker.orders.change_appointment import change_appointment, undo_appointment, undoable_until
from tracker.orders.head import Head
from tracker.orders.rules import REASONS
from tracker.orders.standing import N_
from tracker.orders.visit_queries import VisitChoice, visit_choice
from tracker.pages import slot_words
from tracker.pages.access import AT_DESK, acting, language, open_to, operator_of, runtime
from tracker.pages.order_frame import Form, head, reasons, refused, render, seen_version
from tracker.pages.outage_request import Asked
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import long_id
from tracker.problems import Fault, Refusal
from tracker.staff.sign_in import Person

# By the names that faults give them, in the order of the form.
FIELDS = {
    "slot": Asked("slot", N_("可约的时段")),
    "reason_code": Asked("reason_code", N_("原因")),
    "reason_text": Asked("reason_text", N_("说明")),
}


@blueprint.route("/orders/<number>/visit", methods=["GET", "POST"])
@open_to(*AT_DESK)
def order_visit(number: str) -> Any:
    """The visit and the free slots; what is chosen is booked, and can be undone for ten minutes."""
    person = signed_in()
    order = head(person, number)
    form = Form(request.form)
    if request.method == "POST":
        try:
            flash(_done(person, order))
            return redirect(url_for("staff.order_visit", number=order.number))
        except Refusal as refusal:
            form = refused(person, order, request.form, refusal, FIELDS)
            order = head(person, number)
    with runtime().db.reading() as connection:
        found = visit_choice(connection, operator_of(person), order.number, clock.now())
        undo_until = undoable_until(connection, order.id)
    if found is None:
        raise NotFound
    page = render(
        "staff/order_visit.html",
        person,
        order,
        "staff.order_visit",
        found=found,
        order=found.order,
        deadline=order.deadline,
        place=runtime().reference.current().places[found.order.community_code],
        by_day=_by_day(found),
        undo_until=undo_until if undo_until is not None and undo_until > clock.now() else None,
        may_agree=found.may_change,
        reasons=reasons(),
        form=form,
        typed=form.typed,
        faults=form.faults,
        fault_of=dict(reversed(list(form.faults))),
        words=slot_words,
        hours=lambda slot: slot_words.hours(slot.starts_at, slot.ends_at, language()),
    )
    return page, form.status


def _done(person: Person, order: Head) -> str:
    """What the button says; what was done, in words. Raises Refusal."""
    actor, if_version = acting(person), seen_version()
    if request.form.get("step") == "undo":
        undo_appointment(runtime(), actor, order.number, if_version=if_version)
        return N_("已撤回，恢复为原来的安排，并已通知客户。")
    slot = long_id(request.form.get("slot", ""))
    if slot is None:
        raise Refusal(Fault("field.required", "/slot"))
    code, text = request.form.get("reason_code", ""), request.form.get("reason_text", "").strip()
    change_appointment(
        runtime(),
        actor,
        order.number,
        slot,
        reason_code=code if code in REASONS else None,
        reason_text=text.replace("\0", "")[:200] or None,
        keep_former_until=clock.now() + UNDO_WITHIN,
        if_version=if_version,
    )
    return N_("已约定，并已通知客户。")


def _by_day(found: VisitChoice) -> Mapping[date, Sequence[Any]]:
    """The free slots of each day."""
    days: dict[date, list[Any]] = {}
    for slot in found.slots:
        at: datetime = slot.starts_at
        days.setdefault(clock.local_date(at), []).append(slot)
    return days
