"""The regulator's pages (全市指标): all operators side by side, and what they have submitted; no order opens.

The regulator belongs to no operator, and stands before every wall on these pages alone. What they ask for are
totals and submitted documents. Rates of small samples are left out as `tracker.reports.overview` says; counts
in submitted reports are not.
"""

from dataclasses import asdict
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from tracker import clock, walls
from tracker.figures.rules import LEAST_SAMPLE
from tracker.pages import wording
from tracker.pages.access import language, open_to, runtime
from tracker.pages.report_files import file_of
from tracker.pages.reports import render
from tracker.pages.signing_in import blueprint, signed_in
from tracker.problems import Refusal
from tracker.reports import rules
from tracker.reports.about import CUSTOMER_KINDS, scope_of
from tracker.reports.for_regulator import copy_for_regulator, for_regulator
from tracker.reports.overview import overview
from tracker.reports.queries import submitted_report, submitted_reports
from tracker.reports.section_complaints import by_operator
from tracker.reports.section_notices import outages, tariff_changes
from tracker.reports.shown import shown_report, shown_table
from tracker.reports.standing import standing_of

_HALVES = 4
_LARGEST_ID = 2**31 - 1


@blueprint.get("/regulator")
@open_to("regulator")
def regulator() -> str:
    """The figures of a half-year, which the address may name; and every report that was submitted."""
    person, now = signed_in(), clock.now()
    halves = rules.recent_halves(clock.today(), _HALVES)
    asked = rules.half_named(request.args.get("half", ""))
    period = asked if asked in halves else halves[0]
    with walls.everywhere(), runtime().db.reading() as connection:
        scope = scope_of(connection, runtime().reference.current(), None, period, now)
        figures = overview(connection, scope)
        tables = [
            tariff_changes(connection, scope).tables[0],
            outages(connection, scope).tables[0],
            by_operator(connection, scope),
        ]
        submitted = submitted_reports(connection)
    known = {row.starts_on for row in submitted} | {one.starts_on for one in halves if one.is_settled(now)}
    return render(
        "staff/regulator.html",
        person,
        period=period,
        halves=halves,
        scope=scope,
        figures=figures,
        columns=[
            *((one.id, one.name_en if language() == "en" else one.name) for one in scope.of_operators),
            (None, gettext("全市")),
        ],
        months=[(first, wording.month_of_year(first, language())) for first in figures.month_starts],
        kinds={code: said[language()] for code, said in CUSTOMER_KINDS.items()},
        tables=[shown_table(asdict(one), language()) for one in tables],
        reports={
            one: [row for row in submitted if row.starts_on == one.starts_on]
            for one in map(rules.half_at, sorted(known, reverse=True))
        },
        least=LEAST_SAMPLE,
        now=now,
    )


@blueprint.get("/regulator/reports/<int:report_id>")
@open_to("regulator")
def regulator_report(report_id: int) -> Any:
    """A submitted report as it reads."""
    row = _submitted(report_id)
    try:
        content = for_regulator(row)
    except Refusal as refusal:
        flash(refusal.faults[0].words(language()))
        return redirect(url_for("staff.regulator"))
    return render(
        "staff/regulator_report.html",
        signed_in(),
        row=row,
        period=rules.half_at(row.starts_on),
        shown=shown_report(content, language()),
        standing=standing_of(row, language()),
    )


@blueprint.get("/regulator/reports/<int:report_id>.<any(pdf, xlsx, json):kind>")
@open_to("regulator")
def regulator_report_file(report_id: int, kind: str) -> Any:
    """A submitted report as a file."""
    return file_of(
        _submitted(report_id),
        kind,
        back=url_for("staff.regulator_report", report_id=report_id),
        read=for_regulator,
        document=lambda row: rules.canonical(copy_for_regulator(row)),
    )


def _submitted(report_id: int) -> Any:
    """A report that some operator has submitted. Raises NotFound."""
    row = None
    if report_id <= _LARGEST_ID:
        with walls.everywhere(), runtime().db.reading() as connection:
            row = submitted_report(connection, report_id)
    if row is None:
        raise NotFound
    return row
