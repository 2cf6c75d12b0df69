"""Cells of files that people open in a spreadsheet."""

import csv
from collections.abc import Sequence
from io import StringIO

# The mark by which spreadsheets know UTF-8.
BOM = "\ufeff"
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(cell: str) -> str:
    """The cell as text in any spreadsheet, whatever somebody typed into it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def csv_line(cells: Sequence[object]) -> str:
    """A line of a CSV file; None is an empty cell, and no text is a formula."""
    line = StringIO()
    csv.writer(line).writerow(
        ["" if cell is None else harmless(cell) if isinstance(cell, str) else cell for cell in cells]
    )
    return line.getvalue()
