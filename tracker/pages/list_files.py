"""What a staff page gives out as a file: a list as CSV or as a workbook, and whatever else is saved."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask import Response, flash, redirect

from tracker.files import giving
from tracker.pages.access import language
from tracker.problems import Refusal


def attached(body: str | bytes | Iterable[str] | Iterable[bytes], mimetype: str, name: str) -> Response:
    """A file to be saved under this name, of which no cache keeps a copy."""
    response = Response(body, mimetype=mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def csv_or_book(
    kind: str,
    name: str,
    lines: Callable[[], Iterable[str]],
    book: Callable[[], bytes | Iterable[bytes]],
    *,
    back: str,
) -> Any:
    """The `lines` of a CSV file, or the `book`; where there are too many rows for one, whoever asked is told
    so on the page `back`.
    """
    if kind == "csv":
        return attached(lines(), "text/csv", f"{name}.csv")
    try:
        return attached(book(), giving.SHEET_TYPE, f"{name}.xlsx")
    except Refusal as refusal:
        flash(refusal.faults[0].words(language()))
        return redirect(back)


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
    also: Sequence[giving.List] = (),
    definitions: tuple[str, Sequence[tuple[str, str]]] | None = None,
) -> Any:
    """A CSV file, or a workbook: behind the list come those that it has `also`, and under the title of a last
    sheet what each word in it means.

    A list of a workbook has no more than `giving.MOST_ROWS` rows: where there are more, whoever asked is told
    the rule `too_many` on the page `back`.
    """
    return csv_or_book(
        kind,
        name,
        lambda: giving.csv_lines(head, pages),
        lambda: giving.xlsx(
            title, head, widths, pages, too_many=too_many, also=also, definitions=definitions
        ),
        back=back,
    )
