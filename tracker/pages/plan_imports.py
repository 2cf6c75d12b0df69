"""Bringing plans in as a file, by a manager."""

import base64
import tempfile
from pathlib import Path
from typing import Any

from flask import Response, request

from tracker.files.giving import SHEET_TYPE
from tracker.files.sheets import MOST_BYTES, MOST_ROWS
from tracker.pages.access import label_of, language, open_to, runtime
from tracker.pages.list_files import attached
from tracker.pages.plans import render, said
from tracker.pages.signing_in import blueprint, signed_in
from tracker.problems import Fault, Refusal
from tracker.tariffs import plan_template as empty
from tracker.tariffs.import_plans import Report, import_plans
from tracker.tariffs.plan_template import refused_csv

# Beside the file there are the form's own fields.
_LARGEST_REQUEST = MOST_BYTES + 100_000
_SHOWN_FAULTS = 200


@blueprint.url_value_preprocessor
def allow_a_file(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """A file may be larger than any other request; said before the form's token is looked for in it."""
    if endpoint == "staff.plan_import":
        request.max_content_length = _LARGEST_REQUEST


@blueprint.route("/plans/import", methods=["GET", "POST"])
@open_to("manager")
def plan_import() -> Any:
    """Ask for a file, and tell what came of its rows."""
    person = signed_in()
    faults: list[tuple[str, str]] = []
    report: Report | None = None
    given = request.files.get("file")
    name = Path((given.filename if given else "") or "").name
    if request.method == "POST":
        try:
            if given is None or not name:
                raise Refusal(Fault("field.required", "/file"))
            with tempfile.NamedTemporaryFile() as kept:
                given.save(kept)
                kept.flush()
                report = import_plans(
                    runtime().db,
                    person.operator_id or 0,
                    Path(kept.name),
                    label_of(person),
                    publish="publish" in request.form,
                    file_name="".join(char for char in name if char.isprintable()),
                )
        except Refusal as refusal:
            faults = said(refusal.faults)
    page = render(
        "staff/plan_import.html",
        person,
        {},
        faults=faults,
        report=report,
        shown_faults=report.faults[:_SHOWN_FAULTS] if report else [],
        refused_link=_refused_link(report) if report and report.refused else "",
        file_name=name,
        published="publish" in request.form,
        megabytes=MOST_BYTES // 1_000_000,
        most_rows=MOST_ROWS,
    )
    return page, 422 if faults else 200


@blueprint.get("/plans/import/template.xlsx")
@open_to("manager")
def plan_template() -> Response:
    """An empty file to begin from."""
    signed_in()
    return attached(empty.plan_template(), SHEET_TYPE, "plans.xlsx")


def _refused_link(report: Report) -> str:
    """The refused rows as a file that stands in the page itself, so that nothing of them is kept here."""
    rows = [
        (
            row.line,
            row.cells,
            "；".join(f"{bad.column} {bad.fault.words(language())}".strip() for bad in row.faults),
        )
        for row in report.refused
    ]
    content = base64.b64encode(refused_csv(report.header, rows)).decode()
    return f"data:text/csv;charset=utf-8;base64,{content}"
