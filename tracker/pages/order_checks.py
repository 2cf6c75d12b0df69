"""The real-name checks of an order at the desk, and which ones the operator requires."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from marshmallow import ValidationError

from tracker.fields import StrictSchema, Text
from tracker.orders.head import Head
from tracker.orders.record_check import record_check
from tracker.orders.rules import CLOSED, Stage
from tracker.orders.standing import N_
from tracker.pages.access import AT_DESK, acting, label_of, language, open_to, operator_of, runtime
from tracker.pages.order_event_words import RESULT_WORDS
from tracker.pages.order_frame import Form, act, form_page, head, people_of, placed, seen_version, typed_in
from tracker.pages.outage_request import Asked
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.typed_numbers import long_id
from tracker.problems import Refusal, faults_in
from tracker.real_name.queries import latest_checks, settings_of
from tracker.real_name.require_checks import require_checks
from tracker.real_name.rules import CHECKS, FAILURES, Check, Result, missing
from tracker.real_name.schemas import CheckRequestSchema
from tracker.staff.sign_in import Person

FIELDS = {
    "check": Asked("check", N_("核验项目")),
    "result": Asked("result", N_("结果")),
    "reference": Asked("reference", N_("核验流水号")),
    "reason_code": Asked("reason_code", N_("未通过的原因")),
    "reason_text": Asked("reason_text", N_("说明")),
}
SETTING_FIELDS = {"reason": Asked("reason", N_("原因"))}
RESULT_TONES = {Result.PASSED: "accent", Result.FAILED: "danger", Result.WAIVED: "warning"}
_HISTORY = 20


class _ReasonSchema(StrictSchema):
    reason = Text(200, required=True)


_schema, _reason = CheckRequestSchema(), _ReasonSchema()


@blueprint.route("/orders/<number>/real-name", methods=["GET", "POST"])
@open_to(*AT_DESK)
def order_real_name(number: str) -> Any:
    """How the checks stand, and the form for what came of one."""
    person = signed_in()
    order = head(person, number)
    form = Form()
    if request.method == "POST":
        typed = typed_in(tuple(FIELDS))
        done = act(person, order, typed, FIELDS, lambda: _record(person, order, typed))
        if not isinstance(done, Form):
            return redirect(url_for("staff.order_real_name", number=order.number))
        form, order = done, head(person, number)
    required = required_of(person)
    with runtime().db.reading() as connection:
        latest = {one.check: one for one in latest_checks(connection, [order.id])[order.id]}
    people, spoken = people_of(person), language()
    may_waive = person.role == "manager"
    results = {one: word for one, word in RESULT_WORDS.items() if may_waive or one is not Result.WAIVED}
    return form_page(
        "staff/order_real_name.html",
        person,
        order,
        form,
        FIELDS,
        checks=[(one, CHECKS[one].said(spoken), one in required, latest.get(one)) for one in Check],
        wanting=missing(required, {code: one.result for code, one in latest.items()}),
        check_words={one.value: CHECKS[one].said(spoken) for one in Check},
        results=results,
        result_words=RESULT_WORDS,
        tones=RESULT_TONES,
        failures={code: words.said(spoken) for code, words in FAILURES.items()},
        who=people.name,
        possible=Stage(order.stage) not in CLOSED | {Stage.ACTIVATED},
    )


@blueprint.route("/real-name", methods=["GET", "POST"])
@open_to("manager")
def real_name() -> Any:
    """Which checks the operator requires, since when and why; a manager sets others."""
    person = signed_in()
    operator_id = operator_of(person)
    typed: dict[str, Any] = {"checks": required_of(person), "reason": ""}
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        typed = {"checks": set(request.form.getlist("checks")), **typed_in(("reason",))}
        last = long_id(request.form.get("last", ""))
        try:
            given = _reason.load({"reason": typed["reason"]} if typed["reason"] else {})
            require_checks(
                runtime().db,
                operator_id,
                typed["checks"],
                given["reason"],
                label_of(person),
                if_last=-1 if last is None else last,
            )
        except ValidationError as error:
            faults, status = placed(faults_in(error.messages), SETTING_FIELDS), 422
        except Refusal as refusal:
            faults, status = placed(refusal.faults, SETTING_FIELDS), refusal.status
        else:
            flash(N_("已保存，即时生效。"))
            return redirect(url_for("staff.real_name"))
    with runtime().db.reading() as connection:
        settings = settings_of(connection, operator_id, _HISTORY)
    spoken = language()
    page = render_template(
        "staff/real_name.html",
        person=person,
        operator=runtime().reference.current().operators[operator_id],
        checks={one.value: CHECKS[one].said(spoken) for one in Check},
        typed=typed,
        faults=faults,
        fault_of=dict(faults),
        fields=SETTING_FIELDS,
        settings=settings,
        who=people_of(person).name,
    )
    return page, status


def required_of(person: Person) -> frozenset[str]:
    """What the person's operator requires."""
    required = runtime().reference.current().required_checks
    return required.get(operator_of(person), frozenset())


def _record(person: Person, order: Head, typed: dict[str, str]) -> str:
    try:
        asked = _schema.load({name: value for name, value in typed.items() if value})
    except ValidationError as error:
        raise Refusal(*faults_in(error.messages)) from None
    record_check(
        runtime(),
        acting(person),
        order.number,
        asked,
        may_waive=person.role == "manager",
        if_version=seen_version(),
    )
    return N_("已登记核验结果。")
