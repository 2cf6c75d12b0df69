"""The compensation ledger for managers: what is owed, paid and running up; marked as paid, one or many."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from marshmallow import ValidationError

from tracker import clock
from tracker.compensation import queries
from tracker.compensation.pay import pay_compensation
from tracker.compensation.queries import Wanted
from tracker.compensation.rules import State
from tracker.compensation.running import running, total_of
from tracker.compensation.schemas import PaymentSchema
from tracker.orders.standing import N_
from tracker.pages.access import acting, open_to, operator_of, runtime
from tracker.pages.compensation_words import words_of
from tracker.pages.order_frame import placed
from tracker.pages.outage_request import Asked
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.slots import day_typed
from tracker.problems import Refusal, faults_in
from tracker.staff.sign_in import Person

ROWS = 50
RUNNING_SHOWN = 10
FIELDS = {
    "chosen": Asked("chosen", N_("工单")),
    "method": Asked("method", N_("付款方式")),
    "reference": Asked("reference", N_("付款凭证号")),
    "paid_on": Asked("paid_on", N_("付款日期")),
}
_MOST_TYPED = 100
_payment = PaymentSchema()


@blueprint.route("/compensation", methods=["GET", "POST"])
@open_to("manager")
def compensation() -> Any:
    """What the address narrows the list to, with its totals; what is ticked is marked as paid."""
    person = signed_in()
    typed: dict[str, str] = {"paid_on": f"{clock.today():%Y-%m-%d}"}
    chosen: dict[int, int] = {}
    refusal: Refusal | None = None
    if request.method == "POST":
        typed = {
            name: request.form.get(name, "")[:_MOST_TYPED].replace("\0", "").strip()
            for name in ("method", "reference", "paid_on")
        }
        chosen = _chosen(request.form.getlist("chosen"))
        try:
            pay_compensation(runtime(), acting(person), chosen, _loaded(typed))
        except Refusal as caught:
            refusal = caught
        else:
            flash(N_("已登记付款，并已告知客户。登记错了可在工单的违约金页撤销。"))
            return redirect(url_for("staff.compensation", **wanted_of()[1]))
    return _page(person, typed, chosen, refusal)


def wanted_of() -> tuple[Wanted, dict[str, str]]:
    """What the list is narrowed to by its address, and the part of the address that says so."""
    asked: dict[str, str] = {}
    if request.args.get("state") in set(State):
        asked["state"] = request.args["state"]
    counties = runtime().reference.current().counties
    if request.args.get("county") in counties:
        asked["county"] = request.args["county"]
    days: dict[str, date] = {}
    for name in ("first", "last"):
        day = day_typed(request.args.get(name, ""))
        if day is not None:
            days[name] = day
            asked[name] = day.isoformat()
    state = State(asked["state"]) if "state" in asked else None
    return Wanted(state, asked.get("county"), days.get("first"), days.get("last")), asked


def _page(
    person: Person, typed: Mapping[str, str], chosen: Mapping[int, int], refusal: Refusal | None
) -> Any:
    operator_id, now = operator_of(person), clock.now()
    wanted, asked = wanted_of()
    given = request.args.get("before", "")
    before = int(given) if given.isdecimal() and len(given) < 19 else None
    with runtime().db.reading() as connection:
        rows = queries.compensations_below(connection, operator_id, wanted, limit=ROWS + 1, before_id=before)
        totals = queries.totals_of_wanted(connection, operator_id, wanted)
        going = list(running(connection, operator_id, now, county=wanted.county))
    facts = runtime().reference.current()
    faults = [] if refusal is None else placed(refusal.faults, FIELDS)
    page = render_template(
        "staff/compensation.html",
        person=person,
        operator=facts.operators[operator_id],
        rows=rows[:ROWS],
        older=rows[ROWS - 1].id if len(rows) > ROWS else None,
        before=before,
        totals=totals,
        running_total=total_of(going),
        going=going[:RUNNING_SHOWN],
        asked=asked,
        counties=facts.counties,
        places=facts.places,
        typed=typed,
        chosen=chosen,
        faults=faults,
        fault_of=dict(reversed(faults)),
        fields=FIELDS,
        today=clock.today(),
        **words_of(),
    )
    return page, 200 if refusal is None else refusal.status


def _loaded(typed: Mapping[str, str]) -> dict[str, Any]:
    """The payment. Raises Refusal with all that is wrong."""
    try:
        loaded: dict[str, Any] = _payment.load({name: value for name, value in typed.items() if value})
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    return loaded


def _chosen(given: list[str]) -> dict[int, int]:
    """What was ticked: orders by id, each with the line that was shown; what is none of it is passed over."""
    found = {}
    for one in given[: ROWS * 2]:
        order, _, line = one.partition("-")
        if order.isdecimal() and line.isdecimal() and len(order) < 19 and len(line) < 6:
            found[int(order)] = int(line)
    return found
