"""Self-checks (自查) of a half-year: the eight counties, and what a manager enters for each."""

from datetime import date
from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.orders.standing import N_
from tracker.pages import report_words
from tracker.pages.access import open_to, operator_of, runtime
from tracker.pages.order_frame import typed_in
from tracker.pages.outage_request import Asked
from tracker.pages.plans import said
from tracker.pages.reports import author_of, half_of, render
from tracker.pages.signing_in import blueprint, signed_in
from tracker.problems import Fault, Refusal
from tracker.reports.about import counties_of
from tracker.reports.queries import self_check_entries
from tracker.reports.record_self_check import SelfCheck, record_self_check
from tracker.reports.section_self_checks import latest_self_checks

_FIELDS = {
    "checked_on": Asked("checked_on", N_("自查日期")),
    "checked_by": Asked("checked_by", N_("检查部门")),
    "findings": Asked("findings", N_("发现的问题")),
    "measures": Asked("measures", N_("整改措施")),
}
LIMITS = {"checked_by": 60, "findings": 400, "measures": 400}


@blueprint.get("/reports/<half>/self-checks")
@open_to("manager")
def report_self_checks(half: str) -> str:
    """The counties, each with its check or that it has none."""
    person, period = signed_in(), half_of(half)
    with runtime().db.reading() as connection:
        counties = counties_of(connection)
        found = latest_self_checks(connection, period, operator_of(person))
    return render(
        "staff/report_self_checks.html",
        person,
        period=period,
        counties=counties,
        checks={county: row for (_, county), row in found.items()},
        has_begun=period.starts_on <= clock.today(),
    )


@blueprint.route("/reports/<half>/self-checks/<county>", methods=["GET", "POST"])
@open_to("manager")
def report_self_check(half: str, county: str) -> Any:
    """Enter or correct the check of a county; every entry stays in the history."""
    person, period = signed_in(), half_of(half)
    with runtime().db.reading() as connection:
        counties = counties_of(connection)
    if county not in counties:
        raise NotFound
    typed: dict[str, str] | None = None
    faults: list[tuple[str, str]] = []
    stale, status = False, 200
    if request.method == "POST":
        typed = typed_in(tuple(_FIELDS))
        try:
            record_self_check(runtime(), author_of(person), period, county, _entry(typed), seen=_seen())
        except Refusal as refusal:
            stale = any(fault.rule == "report.self_check_stale" for fault in refusal.faults)
            faults, status = ([] if stale else said(refusal.faults)), refusal.status
        else:
            flash(N_("已保存。已生成的报告不会自动更新，请重新生成。"))
            return redirect(url_for("staff.report_self_checks", half=half))
    with runtime().db.reading() as connection:
        entries = self_check_entries(connection, operator_of(person), period.starts_on, county)
        names = report_words.names_of(connection, person.operator_id)
    page = render(
        "staff/report_self_check.html",
        person,
        period=period,
        county=counties[county],
        entries=[(row, report_words.who_did(row.actor, {}, names)) for row in entries],
        number=entries[0].number if entries else 0,
        typed=typed if typed is not None else _kept(entries[0] if entries else None),
        faults=faults,
        fault_of=dict(faults),
        fields=_FIELDS,
        limits=LIMITS,
        stale=stale,
        today=clock.today(),
    )
    return page, status


def _kept(row: Any) -> dict[str, str]:
    """What the form begins with: what was entered last."""
    return {} if row is None else {name: str(getattr(row, name)) for name in _FIELDS}


def _seen() -> int:
    given = request.form.get("number", "")
    return int(given) if given.isdecimal() and len(given) < 5 else -1


def _entry(typed: dict[str, str]) -> SelfCheck:
    """What was typed, where it can be read. Raises Refusal with everything that cannot."""
    faults = [Fault("field.required", f"/{name}") for name in _FIELDS if not typed[name]]
    faults += [
        Fault("field.too_long", f"/{name}", {"limit": limit})
        for name, limit in LIMITS.items()
        if len(typed[name]) > limit
    ]
    on = None
    if typed["checked_on"]:
        try:
            on = date.fromisoformat(typed["checked_on"])
        except ValueError:
            faults.append(Fault("field.invalid", "/checked_on"))
    if faults or on is None:
        raise Refusal(*faults)
    return SelfCheck(on, typed["checked_by"], typed["findings"], typed["measures"])
