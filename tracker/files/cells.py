"""Cells of files that people open in a spreadsheet."""

import csv
import re
from collections.abc import Sequence
from datetime import datetime
from io import StringIO

from tracker import clock

# The mark by which spreadsheets know UTF-8.
BOM = "\ufeff"
# What a spreadsheet would take for a formula; some take the wide signs too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


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


def instant_cell(at: datetime | None) -> str:
    """A moment of the city to the second; empty for none."""
    return "" if at is None else f"{clock.local(at):%Y-%m-%d %H:%M:%S}"


# What a spreadsheet shows and saves otherwise than it was written: long numbers, leading zeros, what looks
# like a power of ten or a date.
_ALTERED = re.compile(
    r"[0-9]{12,}|0[0-9]+|[0-9.]+[Ee][+-]?[0-9]+"
    r"|[0-9]{1,4}[-/][0-9]{1,2}(?:[-/][0-9]{1,4})?(?: [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?",
    re.ASCII,
)


def kept(cell: str) -> str:
    """The cell as text that a spreadsheet neither computes nor alters: it is shown with an apostrophe
    before it. `as_meant` reads it back.
    """
    return f"'{cell}" if _ALTERED.fullmatch(cell) else harmless(cell)


def as_meant(cell: str) -> str:
    """The cell as it was before `harmless` or `kept` put an apostrophe before it."""
    if cell[:1] == "'" and (cell[1:2].isdecimal() or cell[1:].startswith(_FORMULA)):
        return cell[1:]
    return cell
