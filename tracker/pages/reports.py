"""Half-year reports (半年报告): which there are, one of them as it reads, its review, and correcting it.

A manager works on the operator's, the regulator on the city's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound

from tracker import clock
from tracker.figures.rules import Period
from tracker.orders.standing import N_
from tracker.pages import report_words
from tracker.pages.access import label_of, language, open_to, runtime
from tracker.pages.order_frame import seen_version, typed_in
from tracker.pages.outage_request import Asked
from tracker.pages.plans import said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.problems import Fault, Refusal
from tracker.reports import rules
from tracker.reports.about import counties_of
from tracker.reports.ask_build import begin_report, build_anew, correct_report
from tracker.reports.author import Author
from tracker.reports.queries import events_of, report_row, reports_of
from tracker.reports.review_report import offer_report, review_report, submit_report
from tracker.reports.rules import Event
from tracker.reports.section_self_checks import latest_self_checks
from tracker.reports.sections import SECTIONS
from tracker.reports.shown import shown_report
from tracker.reports.standing import standing_of
from tracker.reports.stored import stored
from tracker.staff.sign_in import Person

REPORTERS = ("manager", "regulator")
_LARGEST_ID = 2**31 - 1
_HALVES_SHOWN = 4
_LONGEST_REASON = 200
_LONGEST_REMARKS = 400
# A report is built within seconds as a rule; whoever waits in front of the page sees it come.
_REFRESH_SECONDS = "3"
_FIELDS = {"remarks": Asked("remarks", N_("审核意见"))}
_CORRECTION_FIELDS = {"reason": Asked("reason", N_("更正原因"))}


@dataclass
class _Form:
    """The form below a report as it stands: what was typed, what is wrong, what others did meanwhile."""

    typed: Mapping[str, str] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    since: int | None = None
    status: int = 200


def author_of(person: Person) -> Author:
    """Whose reports somebody works on."""
    return Author(person.operator_id, label_of(person))


def half_of(code: str) -> Period:
    """The half-year of an address. Raises NotFound."""
    found = rules.half_named(code)
    if found is None:
        raise NotFound
    return found


def render(template: str, person: Person, **more: Any) -> str:
    """A page about reports."""
    operators = runtime().reference.current().operators
    return render_template(
        template,
        person=person,
        operator=None if person.operator_id is None else operators[person.operator_id],
        words=report_words,
        half_code=rules.half_code,
        **more,
    )


@blueprint.get("/reports")
@open_to(*REPORTERS)
def reports() -> str:
    """The latest half-years, and every other one that has a report."""
    person = signed_in()
    author = author_of(person)
    with runtime().db.reading() as connection:
        rows = reports_of(connection, author)
        known = {row.starts_on for row in rows}
        recent = rules.recent_halves(clock.today(), _HALVES_SHOWN)
        counties = counties_of(connection)
        checked = {
            period.starts_on: len(latest_self_checks(connection, period, author.operator_id))
            for period in recent
            if author.operator_id is not None
        }
    older = sorted(known - {one.starts_on for one in recent}, reverse=True)
    halves = [*recent, *(rules.half_at(first) for first in older)]
    return render(
        "staff/reports.html",
        person,
        halves=halves,
        by_half={one: [row for row in rows if row.starts_on == one.starts_on] for one in halves},
        checked=checked,
        counties=counties,
        # What is over and reported next.
        pressing=next((one for one in recent if one.is_settled(clock.now())), None),
        now=clock.now(),
    )


@blueprint.post("/reports/<half>/begin")
@open_to(*REPORTERS)
def report_begin(half: str) -> Any:
    """Begin the report of a half-year."""
    try:
        report_id = begin_report(runtime(), author_of(signed_in()), half_of(half))
    except Refusal as refusal:
        flash(refusal.faults[0].words(language()))
        return redirect(url_for("staff.reports"))
    return redirect(url_for("staff.report", report_id=report_id))


@blueprint.route("/reports/<half>/correct", methods=["GET", "POST"])
@open_to(*REPORTERS)
def report_correct(half: str) -> Any:
    """Begin the next revision of what was submitted; why stands in it."""
    person, period = signed_in(), half_of(half)
    typed: dict[str, str] = {}
    faults: list[tuple[str, str]] = []
    status = 200
    if request.method == "POST":
        typed = typed_in(("reason",))
        try:
            report_id = correct_report(runtime(), author_of(person), period, _reason(typed))
        except Refusal as refusal:
            faults, status = said(refusal.faults), refusal.status
        else:
            return redirect(url_for("staff.report", report_id=report_id))
    page = render(
        "staff/report_correct.html",
        person,
        period=period,
        typed=typed,
        faults=faults,
        fault_of=dict(faults),
        fields=_CORRECTION_FIELDS,
        longest=_LONGEST_REASON,
    )
    return page, status


def _reason(typed: Mapping[str, str]) -> str:
    """Why it is corrected. Raises Refusal where nothing or too much was typed."""
    reason = typed["reason"]
    if not reason:
        raise Refusal(Fault("field.required", "/reason"))
    if len(reason) > _LONGEST_REASON:
        raise Refusal(Fault("field.too_long", "/reason", {"limit": _LONGEST_REASON}))
    return reason


@blueprint.route("/reports/<int:report_id>", methods=["GET", "POST"])
@open_to(*REPORTERS)
def report(report_id: int) -> Any:
    """One of them, as it reads; below it what comes next."""
    person = signed_in()
    row = found(person, report_id)
    form = _Form()
    if request.method == "POST":
        form = _act(person, report_id)
        if form.status == 200:
            return redirect(url_for("staff.report", report_id=report_id))
        row = found(person, report_id)
    with runtime().db.reading() as connection:
        names = report_words.names_of(connection, person.operator_id)
        history = [report_words.line_of(event, names) for event in events_of(connection, report_id)]
    try:
        content = None if row.content is None else stored(row)
    except Refusal as refusal:
        # A draft can be built anew; of anything else nothing is shown and nothing can be done.
        content, form.faults, form.status = None, said(refusal.faults), refusal.status
    page = render(
        "staff/report.html",
        person,
        row=row,
        period=rules.half_at(row.starts_on),
        shown=None if content is None else shown_report(content, language()),
        missing=0 if content is None else content["self_checks_missing"],
        standing=standing_of(row, language()),
        history=history,
        meanwhile=[line for line in history if form.since is not None and line["version"] > form.since],
        is_own=row.offered_by == label_of(person),
        is_settled=rules.half_at(row.starts_on).is_settled(clock.now()),
        typed=form.typed,
        faults=form.faults,
        fault_of=dict(form.faults),
        fields=_FIELDS,
        sections=len(SECTIONS),
        longest=_LONGEST_REMARKS,
    )
    response = make_response(page, form.status)
    if row.build_asked_at is not None:
        response.headers["Refresh"] = _REFRESH_SECONDS
    return response


def found(person: Person, report_id: int) -> Any:
    """A report that somebody works on. Raises NotFound."""
    row = None
    if report_id <= _LARGEST_ID:
        with runtime().db.reading() as connection:
            row = report_row(connection, author_of(person), report_id)
    if row is None:
        raise NotFound
    return row


def _act(person: Person, report_id: int) -> _Form:
    """Do what a button says; the form is shown again where that is refused."""
    author, version = author_of(person), seen_version()
    typed = typed_in(("remarks",))

    def review(*, approve: bool) -> None:
        remarks = typed["remarks"] or None
        review_report(runtime(), author, report_id, version, approve=approve, remarks=remarks)

    doings: Mapping[str, tuple[Event, Callable[[], None]]] = {
        "build": (Event.ASKED, lambda: build_anew(runtime(), author, report_id, version)),
        "offer": (Event.OFFERED, lambda: offer_report(runtime(), author, report_id, version)),
        "approve": (Event.APPROVED, lambda: review(approve=True)),
        "return": (Event.RETURNED, lambda: review(approve=False)),
        "submit": (Event.SUBMITTED, lambda: submit_report(runtime(), author, report_id, version)),
    }
    step = request.form.get("step", "")
    try:
        if step not in doings:
            raise Refusal(Fault("field.invalid"))
        event, do = doings[step]
        do()
    except Refusal as refusal:
        if any(fault.rule == "report.stale" for fault in refusal.faults):
            return _Form(typed, [], since=version, status=refusal.status)
        return _Form(typed, said(refusal.faults), status=refusal.status)
    flash(report_words.DONE_WORDS[event])
    return _Form()
