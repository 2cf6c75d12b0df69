"""A report as a file: PDF, workbook, and the stored document itself, whose digest anybody can reckon."""

from collections.abc import Callable
from typing import Any

from flask import Response, flash, redirect, url_for
from werkzeug.exceptions import NotFound

from tracker.files.giving import SHEET_TYPE
from tracker.pages.access import language, open_to
from tracker.pages.reports import REPORTERS, found
from tracker.pages.signing_in import blueprint, signed_in
from tracker.problems import Refusal
from tracker.reports.pdf import pdf_of
from tracker.reports.rules import half_at, half_code
from tracker.reports.stored import Reading, stored
from tracker.reports.workbook import workbook_of


@blueprint.get("/reports/<int:report_id>.<any(pdf, xlsx, json):kind>")
@open_to(*REPORTERS)
def report_file(report_id: int, kind: str) -> Any:
    """One of the reports that somebody works on."""
    row = found(signed_in(), report_id)
    return file_of(row, kind, back=url_for("staff.report", report_id=report_id))


def _document(row: Any) -> str:
    """The stored document to the byte. Raises Refusal: report.altered."""
    stored(row)
    content: str = row.content
    return content


def file_of(
    row: Any,
    kind: str,
    *,
    back: str,
    read: Reading = stored,
    document: Callable[[Any], str] = _document,
) -> Any:
    """The report as a file, in the language of the page. Raises NotFound where it is not built yet.

    `read` opens its content for page and files alike, `document` makes the one that is taken as JSON.
    """
    if row.content is None:
        raise NotFound
    try:
        if kind == "pdf":
            response = Response(pdf_of(row, language(), read), mimetype="application/pdf")
        elif kind == "xlsx":
            response = Response(workbook_of(row, language(), read), mimetype=SHEET_TYPE)
        else:
            response = Response(document(row), mimetype="application/json")
    except Refusal as refusal:
        flash(refusal.faults[0].words(language()))
        return redirect(back)
    name = f"report-{half_code(half_at(row.starts_on))}-r{row.revision}.{kind}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "no-store"
    return response
