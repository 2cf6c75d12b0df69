"""What is held for a risk, and the steps of escalation: changed after a preview, with their history."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy import Connection

from tracker import clock
from tracker.at_risk.preview_steps import Foreseen, preview_steps
from tracker.at_risk.read_rules import NUMBERS, InForce, rules_in_force, rules_of, versions_of_rules
from tracker.at_risk.recipients import recipients, wish_digests
from tracker.at_risk.rules import MOST_DAYS, MOST_DIGESTS, MOST_HOURS, Rules, faults_of
from tracker.at_risk.save_rules import LONGEST_REASON, save_rules
from tracker.notices.office_hours import office_calendar
from tracker.orders.standing import N_
from tracker.pages import risk_words
from tracker.pages.access import acting, open_to, operator_of, runtime
from tracker.pages.order_frame import people_of, placed, seen_version, typed_in
from tracker.pages.outage_request import Asked
from tracker.pages.signing_in import blueprint, signed_in
from tracker.pages.teams import render
from tracker.problems import Fault, Refusal
from tracker.staff.sign_in import Person

FIELDS = {
    "due_hours": Asked("due_hours", N_("临近：期限前几小时未上门")),
    "team_hours": Asked("team_hours", N_("未派人：期限前几小时")),
    "waiting_hours": Asked("waiting_hours", N_("待核查、待建设：期限前几小时")),
    "warn_hours": Asked("warn_hours", N_("一级：期限前几小时未上门")),
    "late_hours": Asked("late_hours", N_("二级：超时几小时")),
    "chase_days": Asked("chase_days", N_("三级：超时几天")),
    "digest_at": Asked("digest_at", N_("摘要时间")),
    "reason": Asked("reason", N_("调整原因")),
}
# A step that is left empty is left out.
MAY_BE_EMPTY = ("warn_hours", "late_hours", "chase_days")
_VERSIONS_SHOWN = 20
_BETWEEN = re.compile(r"[\s,，、;；]+")
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:：]([0-5][0-9])")


@dataclass(frozen=True)
class Form:
    """The form as it stands, and what it would come to where it was sound and only looked at."""

    typed: Mapping[str, str]
    faults: Sequence[tuple[str, str]] = ()
    foreseen: Foreseen | None = None
    stale: bool = False
    status: int = field(default=200)


@blueprint.route("/at-risk/steps", methods=["GET", "POST"])
@open_to("manager")
def at_risk_steps() -> Any:
    """The rules in force in a form; then what others would come to; only the last step stores them."""
    person = signed_in()
    if request.method != "POST":
        return _page(person, Form(_written(_in_force(person).rules)))
    typed = typed_in(tuple(FIELDS))
    step = request.form.get("step", "")
    try:
        rules = rules_typed(typed)
        if step == "do":
            save_rules(runtime(), acting(person), rules, typed["reason"], if_version=seen_version())
            flash(N_("规则已保存，马上生效。"))
            return redirect(url_for("staff.at_risk_steps"))
        if step == "edit":
            return _page(person, Form(typed))
        if faults := faults_of(rules):
            raise Refusal(*faults)
        if not typed["reason"]:
            raise Refusal(Fault("field.required", "/reason"))
        return _page(person, Form(typed, foreseen=_foreseen(person, rules)))
    except Refusal as refusal:
        stale = any(fault.rule == "risk.stale" for fault in refusal.faults)
        told = () if stale else placed(refusal.faults, FIELDS)
        return _page(person, Form(typed, told, stale=stale, status=refusal.status))


@blueprint.post("/at-risk/digest")
@open_to("manager")
def at_risk_digest() -> Any:
    """Let digests come to the phone of whoever asks, or not any more."""
    person = signed_in()
    wanted = request.form.get("wanted") == "1"
    wish_digests(runtime(), operator_of(person), person.id, wanted)
    flash(N_("已开启短信提醒。") if wanted else N_("已关闭短信提醒，三级督办仍会通知。"))
    return redirect(url_for("staff.at_risk_steps"))


def rules_typed(typed: Mapping[str, str]) -> Rules:
    """The rules of the form. Raises Refusal with everything that is no number and no time."""
    faults, numbers = [], {}
    for name in NUMBERS:
        text = typed[name]
        if not text and name in MAY_BE_EMPTY:
            numbers[name] = None
        elif text.isdecimal() and len(text) <= 4:
            numbers[name] = int(text)
        else:
            faults.append(_no_number(name))
    times = set()
    for text in filter(None, _BETWEEN.split(typed["digest_at"])):
        found = _TIME.fullmatch(text)
        if found:
            times.add(time(int(found[1]), int(found[2])))
        else:
            faults.append(Fault("risk.time", "/digest_at"))
    if faults:
        raise Refusal(*faults)
    return Rules(**numbers, digest_at=tuple(sorted(times)))  # type: ignore[arg-type]


def _no_number(name: str) -> Fault:
    if name == "chase_days":
        return Fault("risk.days", f"/{name}", {"last": MOST_DAYS})
    return Fault("risk.hours", f"/{name}", {"first": 0 if name == "late_hours" else 1, "last": MOST_HOURS})


def _written(rules: Rules) -> dict[str, str]:
    """The rules as the form shows them."""
    numbers = {name: getattr(rules, name) for name in NUMBERS}
    shown = {name: "" if value is None else str(value) for name, value in numbers.items()}
    return shown | {"digest_at": _times(rules), "reason": ""}


def _times(rules: Rules) -> str:
    """The times of digests: "9:00, 15:00"."""
    return ", ".join(f"{at.hour}:{at:%M}" for at in rules.digest_at)


def _in_force(person: Person) -> InForce:
    with runtime().db.reading() as connection:
        return rules_in_force(connection, operator_of(person))


def _foreseen(person: Person, rules: Rules) -> Foreseen:
    with runtime().db.reading() as connection:
        return _foreseen_by(connection, operator_of(person), rules)


def _foreseen_by(connection: Connection, operator_id: int, rules: Rules) -> Foreseen:
    calendar = office_calendar(runtime().reference.current(), operator_id)
    return preview_steps(connection, operator_id, rules, calendar, clock.now())


def _page(person: Person, form: Form) -> tuple[str, int]:
    operator_id = operator_of(person)
    with runtime().db.reading() as connection:
        in_force = rules_in_force(connection, operator_id)
        versions = versions_of_rules(connection, operator_id, limit=_VERSIONS_SHOWN)
        foreseen = form.foreseen or _foreseen_by(connection, operator_id, in_force.rules)
        me = next((one for one in recipients(connection, operator_id) if one.id == person.id), None)
    page = render(
        "staff/at_risk_steps.html",
        person,
        form=form,
        typed=form.typed,
        faults=form.faults,
        fault_of=dict(reversed(list(form.faults))),
        fields=FIELDS,
        in_force=in_force,
        versions=[(row, _written(rules_of(row))) for row in versions],
        foreseen=foreseen,
        wants=me is not None and me.wants,
        has_phone=me is not None and me.sealed_phone is not None,
        who=people_of(person).name,
        words=risk_words,
        most_digests=MOST_DIGESTS,
        longest_reason=LONGEST_REASON,
    )
    return page, form.status
