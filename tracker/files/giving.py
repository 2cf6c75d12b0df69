"""Tables given out as files: CSV line by line, workbooks in pieces, whatever is in their cells as text."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from tracker.files.cells import BOM, csv_line, harmless
from tracker.problems import Fault, Refusal

SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""The media type of a workbook."""

_CHUNK = 1 << 16

# Of a sheet that says what words mean, in characters.
_NAME_WIDTH, _MEANING_WIDTH = 20, 80

Cells = Sequence[str | int | float]
Pages = Iterable[Sequence[Cells]]
"""Rows of cells, in batches as they are read."""

# A workbook is made whole before it is sent, while somebody waits; more rows than this belong into CSV.
MOST_ROWS = 100_000


@dataclass(frozen=True)
class List:
    """A list on a sheet of its own; `widths` of its columns, in characters."""

    title: str
    head: Sequence[str]
    widths: Sequence[int]
    pages: Pages


def csv_lines(head: Sequence[str], pages: Pages) -> Iterator[str]:
    """The lines of a CSV file, in constant memory; no text is a formula."""
    yield BOM + csv_line(head)
    for page in pages:
        yield "".join([csv_line(cells) for cells in page])


def xlsx(
    title: str,
    head: Sequence[str],
    widths: Sequence[int],
    pages: Pages,
    *,
    too_many: str,
    also: Sequence[List] = (),
    definitions: tuple[str, Sequence[tuple[str, str]]] | None = None,
) -> Iterator[bytes]:
    """A workbook of one list, in pieces. `widths` of its columns, in characters.

    `also`: lists on sheets behind it. `definitions`: the title of a last sheet, and in it what each word
    means.

    Raises Refusal of the rule `too_many` before the first piece, where a list has more than MOST_ROWS.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed once it has been sent
    try:
        with xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
            bold = book.add_format({"bold": True, "bg_color": "#E1F0F0", "border": 1})
            for one in (List(title, head, widths, pages), *also):
                _write(book.add_worksheet(one.title), one, bold, too_many)
            if definitions is not None:
                named, meanings = definitions
                wrapped = book.add_format({"text_wrap": True, "valign": "top"})
                second = book.add_worksheet(named)
                second.set_column(0, 0, _NAME_WIDTH)
                second.set_column(1, 1, _MEANING_WIDTH)
                for number, (word, meaning) in enumerate(meanings):
                    second.write_string(number, 0, harmless(word), bold)
                    second.write_string(number, 1, harmless(meaning), wrapped)
    except BaseException:
        file.close()
        raise
    return pieces(file)


def _write(sheet: Any, listed: List, bold: Any, too_many: str) -> None:
    sheet.freeze_panes(1, 1)
    for index, width in enumerate(listed.widths):
        sheet.set_column(index, index, width)
    sheet.write_row(0, 0, listed.head, bold)
    for number, cells in enumerate((cells for page in listed.pages for cells in page), start=1):
        if number > MOST_ROWS:
            raise Refusal(Fault(too_many, "", {"limit": MOST_ROWS}))
        for index, cell in enumerate(cells):
            if isinstance(cell, str):
                sheet.write_string(number, index, harmless(cell))
            else:
                sheet.write_number(number, index, cell)


def pieces(file: Any) -> Iterator[bytes]:
    """A file that was written, piece by piece; it is closed after the last."""
    with file:
        file.seek(0)
        while piece := file.read(_CHUNK):
            yield piece
