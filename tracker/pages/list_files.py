"""What a list of a staff page shows, as a file."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Response, flash, redirect

from tracker import clock
from tracker.files import giving
from tracker.pages.access import language
from tracker.problems import Refusal


def list_file(
    kind: str,
    name: str,
    title: str,
    head: Sequence[str],
    widths: Sequence[int],
    pages: giving.Pages,
    *,
    too_many: str,
    back: str,
    definitions: tuple[str, Sequence[tuple[str, str]]] | None = None,
) -> Any:
    """A CSV file, or a workbook with the title of a second sheet and what each word in it means.

    A workbook has no more than `giving.MOST_ROWS` rows: where there are more, whoever asked is told the rule
    `too_many` on the page `back`.
    """
    if kind == "csv":
        response = Response(giving.csv_lines(head, pages), mimetype="text/csv")
    else:
        try:
            book = giving.xlsx(title, head, widths, pages, too_many=too_many, definitions=definitions)
        except Refusal as refusal:
            flash(refusal.faults[0].words(language()))
            return redirect(back)
        response = Response(book, mimetype=giving.SHEET_TYPE)
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.{kind}")
    response.headers["Cache-Control"] = "no-store"
    return response


def instant_cell(at: datetime | None) -> str:
    """A moment of the city to the second; empty for none."""
    return "" if at is None else f"{clock.local(at):%Y-%m-%d %H:%M:%S}"
