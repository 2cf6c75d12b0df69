"""Workbooks of several sheets, for tables that are read together: figures, and what they mean."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from tracker.files.cells import harmless
from tracker.files.giving import pieces

# How spreadsheets show numbers of a column: as they are, as shares of one, with one decimal.
PLAIN, SHARE, DECIMAL = "", "0.0%", "0.0"


@dataclass(frozen=True)
class Sheet:
    """A sheet with a head that stays in sight. A cell of None is empty; texts are never formulas.

    `widths` of columns are in characters, and `formats` theirs; what is missing of them is plain. `wraps`:
    long texts go on below themselves.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str | int | float | None]]
    widths: Sequence[int]
    formats: Sequence[str] = ()
    wraps: bool = False


def book(sheets: Sequence[Sheet]) -> Iterator[bytes]:
    """The workbook, in pieces."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed once it has been sent
    try:
        with xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as made:
            for sheet in sheets:
                _write(made, sheet)
    except BaseException:
        file.close()
        raise
    return pieces(file)


def _write(made: Any, sheet: Sheet) -> None:
    bold = made.add_format({"bold": True, "bg_color": "#E1F0F0", "border": 1, "text_wrap": True})
    wrapped = made.add_format({"text_wrap": sheet.wraps, "valign": "top"})
    page = made.add_worksheet(sheet.title)
    page.freeze_panes(1, 1)
    kinds = {shape: made.add_format({"num_format": shape, "valign": "top"}) for shape in (SHARE, DECIMAL)}
    for index, width in enumerate(sheet.widths):
        page.set_column(index, index, width)
    page.write_row(0, 0, sheet.head, bold)
    for number, cells in enumerate(sheet.rows, start=1):
        for index, cell in enumerate(cells):
            if isinstance(cell, str):
                page.write_string(number, index, harmless(cell), wrapped)
            elif cell is not None:
                shape = sheet.formats[index] if index < len(sheet.formats) else PLAIN
                page.write_number(number, index, cell, kinds.get(shape, wrapped))
