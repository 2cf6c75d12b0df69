"""The one sheet of a spreadsheet (.xlsx) that has content, as a person sees it; nothing in it is computed.

What a person does not see is never taken in unseen: hidden sheets are passed over, hidden rows refused.
"""

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from tracker.files.rows import BadRow, Header
from tracker.files.shared_strings import SharedStrings
from tracker.files.sheet_rows import SheetRow, look_over, place, rows
from tracker.files.source import Source, holds, size_of
from tracker.files.workbook import Limits, SheetPart, Workbook, opened, too_large
from tracker.problems import Fault, Refusal

# Of a file that is read into memory, as one of plans is.
MOST_BYTES = 4_000_000
MOST_UNPACKED_BYTES = 40_000_000
MOST_ROWS = 5_000

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


@dataclass(frozen=True)
class OpenSheet:
    """A sheet whose header has been read: its names by place, empty where there is none, how many rows
    stand below it at most, its bytes when unpacked, and those of its rows that show something.
    """

    names: list[str]
    total: int
    size: int
    rows: Iterator[SheetRow]

    def faults_of(self, row: SheetRow) -> list[BadRow]:
        """What is wrong with a row, each fault at its column."""
        faults = [BadRow(row.number, "", Fault("file.hidden_row"))] if row.is_hidden else []
        at_fault = dict(row.faults)
        for index, words in enumerate(row.cells):
            name = self.names[index] if index < len(self.names) else ""
            fault = at_fault.get(index)
            if fault is None and words.strip() and not name:
                fault = Fault("file.row_width")
            if fault is not None:
                faults.append(BadRow(row.number, place(index, name), fault))
        return faults


def small() -> Limits:
    """The limits of a file that is read into memory."""
    return Limits(MOST_BYTES, MOST_UNPACKED_BYTES, MOST_ROWS)


def is_sheet(source: Source, limits: Limits | None = None) -> bool:
    """Whether a file is a spreadsheet and not a text, by its first bytes.

    Raises Refusal: file.too_large, file.old_format, file.password.
    """
    limits = limits or small()
    if size_of(source) > limits.packed:
        raise too_large(limits)
    with source.open("rb") as file:
        head = file.read(len(_COMPOUND))
    if head == _COMPOUND:
        raise Refusal(Fault("file.password" if holds(source, _ENCRYPTED) else "file.old_format"))
    return head.startswith(_ZIP)


def read_sheet(source: Source, header: Header, passed_over: Collection[str] = ()) -> Table:
    """The rows of the one sheet that has content, besides those named in `passed_over`, in memory.

    A cell that is a formula or shows an error makes a fault of its row. Raises Refusal as `open_sheet`
    does, and file.too_many_rows.
    """
    limits = small()
    with open_sheet(source, header, limits, passed_over) as sheet:
        found = []
        for row in sheet.rows:
            if len(found) == limits.rows:
                raise Refusal(Fault("file.too_many_rows", "", {"limit": limits.rows}))
            texts = dict(zip(sheet.names, [*row.cells, *[""] * len(sheet.names)], strict=False))
            texts.pop("", None)
            found.append(TableRow(row.number, texts, sheet.faults_of(row)))
        return Table({name: place(index, name) for index, name in enumerate(sheet.names) if name}, found)


@contextmanager
def open_sheet(
    source: Source, header: Header, limits: Limits, passed_over: Collection[str] = ()
) -> Iterator[OpenSheet]:
    """The one sheet that has content, besides those named in `passed_over`; its first row with content is
    the header.

    Raises Refusal for what cannot be read as one table: file.not_a_table, file.too_large,
    file.several_sheets, file.merged_cells, file.header_cell, file.too_many_rows, and what the header's own
    check raises; before a row is read, so far as that can be told.
    """
    with opened(source, limits) as book:
        texts = None if book.texts is None or book.texts not in book.archive.namelist() else book.texts
        part = None if texts is None else book.open(texts)
        with closing(SharedStrings(part)) as strings:
            sheet = _only_sheet(book, strings, passed_over)
            if sheet is None:
                header.check([])
                yield OpenSheet([], 0, 0, iter(()))
                return
            total, merged = look_over(book, sheet.part)
            if merged:
                ranges = "、".join(merged[:10]) + (" …" if len(merged) > 10 else "")
                raise Refusal(Fault("file.merged_cells", "", {"ranges": ranges}))
            if total > limits.rows + _HEADROOM:
                raise Refusal(Fault("file.too_many_rows", "", {"limit": limits.rows}))
            found = _with_content(rows(book, sheet.part, strings))
            names = _header(header, next(found))
            size = book.archive.getinfo(sheet.part).file_size
            yield OpenSheet(names, max(total - 1, 0), size, found)


# A table may have a title and blank rows beside what counts.
_HEADROOM = 10_000


def _with_content(found: Iterator[SheetRow]) -> Iterator[SheetRow]:
    return (row for row in found if row.faults or any(words.strip() for words in row.cells))


def _only_sheet(book: Workbook, strings: SharedStrings, passed_over: Collection[str]) -> SheetPart | None:
    """The one sheet with content; None where there is none."""
    found = [
        sheet
        for sheet in book.sheets
        if sheet.is_visible
        and sheet.title not in passed_over
        and next(_with_content(rows(book, sheet.part, strings)), None) is not None
    ]
    if len(found) > 1:
        names = "、".join(sheet.title for sheet in found)
        raise Refusal(Fault("file.several_sheets", "", {"names": names}))
    return found[0] if found else None


def _header(header: Header, row: SheetRow) -> list[str]:
    """Names by place, empty where the header has none."""
    faults = [Fault("file.header_cell", "", {"column": place(index, "")}) for index, _ in row.faults]
    if faults:
        raise Refusal(*faults)
    names = [words.strip() for words in row.cells]
    header.check([name for name in names if name])
    return names
