"""Writing complaints down: one that came by phone or letter, and what is done about each."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for

from tracker import clock
from tracker.complaints.close_complaint import close_complaint
from tracker.complaints.file_complaint import file_complaint
from tracker.complaints.follow_up import follow_up
from tracker.complaints.hand_on import hand_on
from tracker.complaints.persons import people
from tracker.complaints.record_satisfaction import record_satisfaction
from tracker.complaints.rules import Source, State
from tracker.complaints.schemas import LONGEST_NOTE, LONGEST_RESULT, LONGEST_TEXT
from tracker.orders import numbers
from tracker.orders.standing import N_
from tracker.pages.access import AT_DESK, acting, open_to, runtime
from tracker.pages.complaints import found, render
from tracker.pages.outage_request import Asked, moment_typed, moment_written
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import carried, whole
from tracker.problems import Fault, Refusal
from tracker.staff.sign_in import Person

# By the names that faults give them, in the order of the form.
FIELDS = {
    "source": Asked("source", N_("来源")),
    "received_at": Asked("received_at", N_("收到时间")),
    "number": Asked("number", N_("订单号")),
    "topic": Asked("topic", N_("投诉事项")),
    "text": Asked("text", N_("投诉内容")),
    "contact_name": Asked("contact_name", N_("投诉人姓名")),
    "contact_phone": Asked("contact_phone", N_("投诉人电话")),
    "owner": Asked("owner", N_("负责人")),
    "note": Asked("note", N_("说明")),
    "next_on": Asked("next_on", N_("下次跟进")),
    "result": Asked("result", N_("办结结果")),
    "settled_at_outlet": Asked("settled_at_outlet", N_("是否在网点解决")),
    "satisfaction": Asked("satisfaction", N_("客户满意度")),
}
_NEW = ("source", "received_at", "number", "topic", "text", "contact_name", "contact_phone")
_MOST_TYPED = 4 * LONGEST_TEXT
_LIMITS = {"text": LONGEST_TEXT, "note": LONGEST_NOTE, "result": LONGEST_RESULT}


@blueprint.route("/complaints/new", methods=["GET", "POST"])
@open_to(*AT_DESK)
def complaint_new() -> Any:
    """The form, and the complaint that it makes."""
    person = signed_in()
    if request.method == "GET":
        first = {"received_at": moment_written(clock.now()), "number": request.args.get("number", "")[:40]}
        return _new_form(person, first, [])
    typed = _typed(_NEW)
    try:
        complaint_id = _file(person, typed)
    except Refusal as refusal:
        return _new_form(person, typed, _placed(refusal)), refusal.status
    flash(N_("已登记，时限和负责人已确定。"))
    if person.role != "manager":
        # It may be in somebody else's hands now.
        return redirect(url_for("staff.complaints"))
    return redirect(url_for("staff.complaint", complaint_id=complaint_id))


@blueprint.route("/complaints/<int:complaint_id>/follow-up", methods=["GET", "POST"])
@open_to(*AT_DESK)
def complaint_follow_up(complaint_id: int) -> Any:
    """Say what was done, and when somebody looks after it next."""

    def act(person: Person, typed: dict[str, str], version: int) -> None:
        given = {"note": typed["note"], "next_on": typed["next_on"]}
        follow_up(runtime(), acting(person), complaint_id, given, if_version=version)
        flash(N_("已登记跟进。"))

    return _act(complaint_id, "follow_up", ("note", "next_on"), act)


@blueprint.route("/complaints/<int:complaint_id>/hand-on", methods=["GET", "POST"])
@open_to("manager")
def complaint_hand_on(complaint_id: int) -> Any:
    """Put somebody else in charge; a manager's decision."""

    def act(person: Person, typed: dict[str, str], version: int) -> None:
        given = {"note": typed["note"], "owner": whole(typed["owner"]) or 0}
        hand_on(runtime(), acting(person), complaint_id, given, if_version=version)
        flash(N_("已转办。"))

    return _act(complaint_id, "hand_on", ("owner", "note"), act)


@blueprint.route("/complaints/<int:complaint_id>/close", methods=["GET", "POST"])
@open_to(*AT_DESK)
def complaint_close(complaint_id: int) -> Any:
    """Say what came of it, which the customer is told."""

    def act(person: Person, typed: dict[str, str], version: int) -> None:
        settled = {"yes": True, "no": False}.get(typed["settled_at_outlet"])
        given: dict[str, Any] = {"result": typed["result"]}
        given |= {} if settled is None else {"settled_at_outlet": settled}
        given |= {name: typed[name] for name in ("satisfaction", "note") if typed[name].strip()}
        close_complaint(runtime(), acting(person), complaint_id, given, if_version=version)
        flash(N_("已办结，结果以短信告知客户。"))

    return _act(complaint_id, "close", ("result", "settled_at_outlet", "satisfaction", "note"), act)


@blueprint.route("/complaints/<int:complaint_id>/satisfaction", methods=["GET", "POST"])
@open_to(*AT_DESK)
def complaint_satisfaction(complaint_id: int) -> Any:
    """Say what the customer thinks of the result."""

    def act(person: Person, typed: dict[str, str], version: int) -> None:
        record_satisfaction(
            runtime(), acting(person), complaint_id, typed["satisfaction"], if_version=version
        )
        flash(N_("已登记满意度。"))

    return _act(complaint_id, "satisfaction", ("satisfaction",), act, state=State.CLOSED)


def _act(
    complaint_id: int,
    what: str,
    fields: tuple[str, ...],
    act: Callable[[Person, dict[str, str], int], None],
    *,
    state: State = State.OPEN,
) -> Any:
    """A page that asks for these fields, and what it leads to."""
    person = signed_in()
    row = found(person, complaint_id)
    there = redirect(url_for("staff.complaint", complaint_id=complaint_id))
    faults: list[tuple[str, str]] = []
    typed: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        typed = _typed(fields)
        try:
            act(person, typed, carried("version"))
        except Refusal as refusal:
            faults, status = _placed(refusal), refusal.status
        else:
            return there
    elif row.state != state:
        return there
    with runtime().db.reading() as connection:
        staff = people(connection, person.operator_id or 0)
    page = render(
        f"staff/complaint_{what}.html",
        person,
        row=row,
        typed=typed,
        faults=faults,
        fields=FIELDS,
        limits=_LIMITS,
        fault_of=dict(faults),
        staff=[one for one in staff if one.id != row.owner_id],
    )
    return page, status


def _file(person: Person, typed: dict[str, str]) -> int:
    """File what was typed. Raises Refusal with every field that is wrong."""
    faults = [
        Fault("field.required", f"/{name}") for name in ("source", "topic", "text") if not typed[name].strip()
    ]
    given = moment_typed(typed["received_at"])
    if not given:
        rule = "field.invalid" if typed["received_at"] else "field.required"
        faults.append(Fault(rule, "/received_at"))
    number = numbers.normalise(typed["number"]) if typed["number"].strip() else None
    if typed["number"].strip() and number is None:
        faults.append(Fault("order.not_found", "/number"))
    if faults:
        raise Refusal(*faults)
    return file_complaint(
        runtime(),
        acting(person),
        number,
        typed["topic"],
        typed["text"],
        source=typed["source"],
        received_at=datetime.fromisoformat(given),
        contact_name=typed["contact_name"].strip() or None,
        contact_phone=typed["contact_phone"].strip() or None,
    )


def _new_form(person: Person, typed: dict[str, str], faults: list[tuple[str, str]]) -> str:
    sources = [source for source in Source if source is not Source.WEBSITE]
    return render(
        "staff/complaint_new.html",
        person,
        typed=dict.fromkeys(_NEW, "") | typed,
        faults=faults,
        fields=FIELDS,
        limits=_LIMITS,
        fault_of=dict(faults),
        sources=sources,
    )


def _typed(fields: tuple[str, ...]) -> dict[str, str]:
    return {name: request.form.get(name, "")[:_MOST_TYPED].replace("\0", "") for name in fields}


def _placed(refusal: Refusal) -> list[tuple[str, str]]:
    """Each fault's field and words, in the order of the form; an unknown order stands at its number."""
    order = list(FIELDS)
    pairs = dict.fromkeys(
        ("number" if fault.rule == "order.not_found" else name, words)
        for fault, (name, words) in zip(refusal.faults, said(refusal.faults), strict=True)
    )
    return sorted(pairs, key=lambda one: order.index(one[0]) if one[0] in order else -1)
