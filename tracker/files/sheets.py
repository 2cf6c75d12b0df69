"""Rows of a spreadsheet (.xlsx), as a person sees them, one by one; nothing in it is computed or run.

What a person does not see is never taken in unseen: hidden sheets are passed over, hidden rows refused.
"""

import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.xml.functions import iterparse

from tracker.files.rows import BadRow, Header
from tracker.problems import Fault, Refusal

MOST_BYTES = 4_000_000
MOST_UNPACKED_BYTES = 40_000_000
MOST_ROWS = 5_000
_MOST_COLUMNS = 100
_MOST_PARTS = 500

_ZIP = b"PK\x03\x04"
# The older container, of .xls and of whatever has a password.
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True)
class TableRow:
    """A row below the header: its number in the file, its cells by the header's names, and its faults."""

    line: int
    cells: dict[str, str]
    faults: list[BadRow]


@dataclass(frozen=True)
class Table:
    """The rows of a file, and where each column of its header is found."""

    places: dict[str, str]
    rows: list[TableRow]


def place(index: int, name: str) -> str:
    """A column as people find it: its letter, and the name in its header. `index` counts from 0."""
    return f"{get_column_letter(index + 1)} {name}".strip()


def is_text(path: Path) -> bool:
    """Whether a file of whatever size is no spreadsheet, nor what else may hold one, by its first bytes."""
    with path.open("rb") as file:
        return not file.read(len(_COMPOUND)).startswith((_ZIP, _COMPOUND))


def is_sheet(path: Path) -> bool:
    """Whether a file is a spreadsheet and not a text, by its first bytes.

    Raises Refusal: file.too_large, file.old_format, file.password.
    """
    if path.stat().st_size > MOST_BYTES:
        raise _too_large()
    content = path.read_bytes()
    if content.startswith(_COMPOUND):
        raise Refusal(Fault("file.password" if _ENCRYPTED in content else "file.old_format"))
    return content.startswith(_ZIP)


def read_sheet(path: Path, header: Header, passed_over: Collection[str] = ()) -> Table:
    """The rows of the one sheet that has content, besides those named in `passed_over`.

    The first row with content is the header. A cell that is a formula or shows an error makes a fault of
    its row. Raises Refusal for what cannot be read as one table: file.not_a_table, file.too_large,
    file.several_sheets, file.merged_cells, file.header_cell, file.too_many_rows, and what the header's
    own check raises.
    """
    with _readable(path) as archive, _quietly(), _opened(path) as book:
        sheet = _only_sheet(book, passed_over)
        if sheet is None:
            header.check([])
            return Table({}, [])
        hidden = _hidden_rows(archive, sheet)
        names: list[str] | None = None
        rows: list[TableRow] = []
        for line, row in enumerate(sheet.iter_rows(max_col=_MOST_COLUMNS), start=1):
            cells = [(index, cell) for index, cell in enumerate(row) if _words(cell).strip()]
            if not cells:
                continue
            if names is None:
                names = _header(header, cells)
                continue
            if len(rows) == MOST_ROWS:
                raise Refusal(Fault("file.too_many_rows", "", {"limit": MOST_ROWS}))
            rows.append(_row(line, cells, names, line in hidden))
        places = {name: place(index, name) for index, name in enumerate(names or ()) if name}
        return Table(places, rows)


def _row(line: int, cells: list[tuple[int, Any]], names: list[str], is_hidden: bool) -> TableRow:
    found = {name: "" for name in names if name}
    faults = [BadRow(line, "", Fault("file.hidden_row"))] if is_hidden else []
    for index, cell in cells:
        name = names[index] if index < len(names) else ""
        fault = _fault(cell) or (None if name else Fault("file.row_width"))
        if fault is not None:
            faults.append(BadRow(line, place(index, name), fault))
        if name:
            found[name] = _words(cell)
    return TableRow(line, found, faults)


def _header(header: Header, cells: list[tuple[int, Any]]) -> list[str]:
    """Names by place, empty where the header has none."""
    faults = [
        Fault("file.header_cell", "", {"column": place(index, "")})
        for index, cell in cells
        if _fault(cell) is not None
    ]
    if faults:
        raise Refusal(*faults)
    names = [""] * (cells[-1][0] + 1)
    for index, cell in cells:
        names[index] = _words(cell).strip()
    header.check([name for name in names if name])
    return names


def _fault(cell: Any) -> Fault | None:
    if cell.data_type == "f":
        return Fault("file.formula")
    if cell.data_type == "e":
        return Fault("file.error_value", "", {"value": cell.value})
    return None


def _words(cell: Any) -> str:
    """What the cell shows. A number has the 15 digits that spreadsheets show of it."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == value.min.time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)


def _only_sheet(book: Any, passed_over: Collection[str]) -> Any:
    """The one sheet with content; None where there is none."""
    sheets = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible" or sheet.title in passed_over:
            continue
        # What a file says of its own size may be wrong.
        sheet.reset_dimensions()
        if any(cell.value is not None for row in sheet.iter_rows(max_col=_MOST_COLUMNS) for cell in row):
            sheets.append(sheet)
    if len(sheets) > 1:
        names = "、".join(sheet.title for sheet in sheets)
        raise Refusal(Fault("file.several_sheets", "", {"names": names}))
    return sheets[0] if sheets else None


def _hidden_rows(archive: ZipFile, sheet: Any) -> set[int]:
    """Numbers of the sheet's hidden rows. Raises Refusal file.merged_cells.

    A sheet that is read row by row tells neither, so both are looked up in its part of the file.
    """
    hidden, merged, number = set(), [], 0
    with archive.open(sheet._worksheet_path) as part:
        for _, element in iterparse(part, events=("end",)):
            tag = element.tag.rpartition("}")[2]
            if tag == "row":
                number = int(element.get("r") or number + 1)
                if element.get("hidden") in ("1", "true"):
                    hidden.add(number)
                element.clear()
            elif tag == "mergeCell":
                merged.append(str(element.get("ref")))
    if merged:
        ranges = "、".join(merged[:10]) + (" …" if len(merged) > 10 else "")
        raise Refusal(Fault("file.merged_cells", "", {"ranges": ranges}))
    return hidden


@contextmanager
def _readable(path: Path) -> Iterator[ZipFile]:
    """The parts of the file, once it is known that they can be unpacked in bounded memory."""
    try:
        archive = ZipFile(path)
    except (BadZipFile, ValueError, NotImplementedError):
        raise Refusal(Fault("file.not_a_table")) from None
    with archive:
        parts = archive.infolist()
        # A part is never unpacked beyond the size that it states.
        if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
            raise _too_large()
        if "xl/workbook.xml" not in archive.namelist():
            raise Refusal(Fault("file.not_a_table"))
        yield archive


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The workbook. Whatever reading it raises means that it is damaged, or no workbook at all."""
    # Opened here, because by a path openpyxl takes no file whose name ends otherwise than it expects.
    with path.open("rb") as file:
        try:
            yield load_workbook(file, read_only=True, data_only=False, keep_links=False)
        except Refusal:
            raise
        except Exception:
            raise Refusal(Fault("file.not_a_table")) from None


@contextmanager
def _quietly() -> Iterator[None]:
    """Without openpyxl's warnings of styles and extensions, which say nothing of the cells."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _too_large() -> Refusal:
    sizes = {"megabytes": MOST_BYTES // 1_000_000, "unpacked": MOST_UNPACKED_BYTES // 1_000_000}
    return Refusal(Fault("file.too_large", "", sizes))
