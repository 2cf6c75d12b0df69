"""The visit of one order, for its operator's staff: as it is agreed, another slot, and having it back."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.exceptions import Forbidden, NotFound

from tracker import clock
from tracker.customer_requests.rules import UNDO_WITHIN
from tracker.orders import numbers
from tracker.orders.actor import Actor
from tracker.orders.change_appointment import change_appointment, undo_appointment, undoable_until
from tracker.orders.rules import REASONS
from tracker.orders.standing import N_
from tracker.orders.visit_queries import VisitChoice, visit_choice
from tracker.pages.access import OF_OPERATOR, label_of, language, open_to, runtime
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slots import render
from tracker.problems import Fault, Refusal
from tracker.staff.sign_in import Person

_MAY = ("manager", "counter", "dispatcher")


@blueprint.route("/orders/<number>/visit", methods=["GET", "POST"])
@open_to(*OF_OPERATOR)
def order_visit(number: str) -> Any:
    """The visit and the free slots; what is chosen is booked, and can be undone for ten minutes."""
    person = signed_in()
    wanted = numbers.normalise(number)
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        if person.role not in _MAY or wanted is None:
            raise Forbidden
        try:
            flash(_done(person, wanted))
            return redirect(url_for("staff.order_visit", number=wanted))
        except Refusal as refusal:
            faults, status = said(refusal.faults), refusal.status
    with runtime().db.reading() as connection:
        found = wanted and visit_choice(connection, person.operator_id or 0, wanted, clock.now())
        undo_until = undoable_until(connection, found.order.id) if found else None
    if not found:
        raise NotFound
    place = runtime().reference.current().places[found.order.community_code]
    may = person.role in _MAY
    page = render(
        "staff/order_visit.html",
        person,
        found=found,
        order=found.order,
        place=place,
        by_day=_by_day(found),
        undo_until=undo_until if undo_until is not None and undo_until > clock.now() and may else None,
        may_agree=may and found.may_change,
        reasons={code: one.en if language() == "en" else one.zh for code, one in REASONS.items()},
        typed=request.form,
        faults=faults,
        fault_of=dict(reversed(faults)),
    )
    return page, status


def _done(person: Person, number: str) -> str:
    """What the button says; what was done, in words. Raises Refusal."""
    actor = Actor(person.operator_id or 0, label_of(person))
    seen = request.form.get("version", "")
    if_version = int(seen) if seen.isdecimal() and len(seen) < 10 else -1
    if request.form.get("step") == "undo":
        undo_appointment(runtime(), actor, number, if_version=if_version)
        return N_("已撤回，恢复为原来的安排，并已通知客户。")
    slot = request.form.get("slot", "")
    if not slot.isdecimal() or len(slot) > 18:
        raise Refusal(Fault("field.required", "/slot"))
    code, text = request.form.get("reason_code", ""), request.form.get("reason_text", "").strip()
    change_appointment(
        runtime(),
        actor,
        number,
        int(slot),
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
