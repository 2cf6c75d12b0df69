"""Returns (退单) at the desk: asked for by one person, decided on by another."""

from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.orders.approval_rules import State
from tracker.orders.ask_return import ask_return, retract_return
from tracker.orders.decide_return import decide_return
from tracker.orders.desk_schemas import ReturnRequestSchema
from tracker.orders.head import Head
from tracker.orders.return_queries import RETURNS, decided_returns
from tracker.orders.return_rules import can_be_returned
from tracker.orders.rules import Stage
from tracker.orders.standing import N_
from tracker.pages.access import OF_OPERATOR, acting, open_to, operator_of, runtime
from tracker.pages.approvals import DECISION_FIELDS, ask_or_take_back, decide, loaded, words_of
from tracker.pages.order_frame import Form, form_page, head, people_of, reasons, seen_version
from tracker.pages.outage_request import Asked
from tracker.pages.signing_in import blueprint, signed_in
from tracker.staff.sign_in import Person

ROWS = 20
FIELDS = {
    "reason_code": Asked("reason_code", N_("原因")),
    "reason_text": Asked("reason_text", N_("说明")),
    "evidence": Asked("evidence", N_("依据编号")),
}
_schema = ReturnRequestSchema()


@blueprint.route("/orders/<number>/return", methods=["GET", "POST"])
@open_to(*OF_OPERATOR)
def order_return(number: str) -> Any:
    """Ask for it, or take one's own request back while nobody has decided."""
    person = signed_in()
    order = _order(person, number)
    form = Form()
    if request.method == "POST":
        done = ask_or_take_back(person, order, FIELDS, _ask, _retract)
        if done is None:
            return redirect(url_for("staff.order_return", number=order.number))
        form, order = done, _order(person, number)
    with runtime().db.reading() as connection:
        asked = RETURNS.of_order(connection, operator_of(person), order.id)
    return form_page(
        "staff/order_return.html",
        person,
        order,
        form,
        FIELDS,
        reasons=reasons(),
        asked=asked,
        waiting=next((one for one in asked if one.state == State.OPEN), None),
        possible=can_be_returned(Stage(order.stage)),
        **words_of(person),
    )


@blueprint.get("/orders/returns")
@open_to("manager")
def order_returns() -> str:
    """What waits for a decision, and what was decided, by whom the address names."""
    person = signed_in()
    operator_id = operator_of(person)
    by = request.args.get("by", "")
    people = people_of(person)
    decided_by = f"staff:{by}" if by in people.staff else None
    with runtime().db.reading() as connection:
        waiting, more = RETURNS.waiting(connection, operator_id, ROWS)
        decided, older = decided_returns(
            connection, operator_id, decided_by=decided_by, before=_before(), limit=ROWS
        )
    facts = runtime().reference.current()
    return render_template(
        "staff/order_returns.html",
        person=person,
        operator=facts.operators[operator_id],
        waiting=waiting,
        more=more,
        decided=decided,
        older=None if older is None else f"{older[0].isoformat().replace('+00:00', 'Z')}~{older[1]}",
        by=by if decided_by else "",
        deciders=people.staff,
        places=facts.places,
        now=clock.now(),
        **words_of(person),
    )


@blueprint.route("/orders/returns/<int:request_id>", methods=["GET", "POST"])
@open_to("manager")
def order_return_decide(request_id: int) -> Any:
    """One request with its order as it stands now; approved or refused by somebody else than who asked."""
    person = signed_in()
    with runtime().db.reading() as connection:
        asked = RETURNS.one(connection, operator_of(person), request_id)
    if asked is None:
        raise NotFound
    order = head(person, asked.number)
    form = Form()
    if request.method == "POST":
        done = decide(person, order, decide_return, request_id)
        if not isinstance(done, Form):
            flash(N_("已退单，并已告知客户。") if done else N_("已驳回，工单继续办理。"))
            return redirect(url_for("staff.order_returns"))
        form, order = done, head(person, asked.number)
    return form_page(
        "staff/order_return_decide.html",
        person,
        order,
        form,
        DECISION_FIELDS,
        asked=asked,
        moved_on=asked.stage != order.stage,
        **words_of(person),
    )


def _order(person: Person, number: str) -> Head:
    """The order; of an installer's own ones alone. Raises NotFound."""
    order = head(person, number)
    if person.role == "installer" and order.installer_id != person.id:
        raise NotFound
    return order


def _ask(person: Person, order: Head, typed: dict[str, str]) -> str:
    ask_return(runtime(), acting(person), order.number, loaded(_schema, typed), if_version=seen_version())
    return N_("已提交退单申请，等待另一位经理审批。")


def _retract(person: Person, known: int) -> str:
    retract_return(runtime(), acting(person), known)
    return N_("已撤回退单申请。")


def _before() -> tuple[datetime, int] | None:
    at, _, given = request.args.get("before", "").rpartition("~")
    if not given.isdecimal() or len(given) > 18:
        return None
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return None if moment.tzinfo is None else (moment, int(given))
