"""A table that people bring, be it CSV or a spreadsheet: its columns, and its rows one by one."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from tracker.files.rows import BadRow, Header, count_lines, detect_encoding, read_header, read_lines
from tracker.files.sheet_rows import place
from tracker.files.sheets import is_sheet, open_sheet
from tracker.files.source import Source, holds, size_of
from tracker.files.workbook import Limits
from tracker.problems import Fault, Refusal

# Whoever sits at the console may bring what the machine can bear.
AT_THE_CONSOLE = Limits(packed=8_000_000_000, unpacked=8_000_000_000, rows=50_000_000)

# Text holds no NUL; what does is a picture, or text that is not of a kind we read.
_LOOKED_AT = 1 << 20


class Line(NamedTuple):
    """A row below the header: its number in the file, its cells, what is wrong with them, and how many bytes
    of the table were read by its end. It has as many cells as the header unless it is at fault.
    """

    number: int
    cells: list[str]
    faults: list[BadRow]
    position: int


@dataclass(frozen=True)
class OpenTable:
    """A table whose header has been read: its names, how people find each column, how many rows there
    are at most, the bytes of the table (unpacked), and the rows that say anything.
    """

    names: list[str]
    places: list[str]
    total: int
    size: int
    lines: Iterator[Line]


@contextmanager
def open_table(
    source: Source,
    header: Header,
    limits: Limits,
    *,
    encoding: str | None = None,
    passed_over: Collection[str] = (),
) -> Iterator[OpenTable]:
    """A table whose header is of this kind. `encoding`: of a text, told from its content where it is not
    given; `passed_over`: sheets that are for people to read.

    Raises Refusal for a file that is no such table, before a row of it is read: those of `is_sheet`,
    `open_sheet` and `Header.check`, file.not_a_table, file.encoding, file.too_many_rows and file.no_rows.
    """
    if is_sheet(source, limits):
        with open_sheet(source, header, limits, passed_over) as sheet:
            found = (
                Line(row.number, _wide(row.cells, len(sheet.names)), sheet.faults_of(row), row.position)
                for row in sheet.rows
            )
            places = [place(index, name) for index, name in enumerate(sheet.names)]
            yield OpenTable(sheet.names, places, sheet.total, sheet.size, _not_empty(found))
        return
    if holds(source, b"\0", within=_LOOKED_AT):
        raise Refusal(Fault("file.not_a_table"))
    encoding = encoding or detect_encoding(source)
    names = read_header(source, encoding)
    header.check(names)
    total = max(count_lines(source) - 1, 0)
    if total > limits.rows:
        raise Refusal(Fault("file.too_many_rows", "", {"limit": limits.rows}))
    lines = (
        Line(number, cells, [] if fault is None else [BadRow(number, "", fault)], position)
        for number, cells, fault, position in read_lines(source, encoding, len(names))
        if any(cells)
    )
    yield OpenTable(names, names, total, size_of(source), _not_empty(lines))


def read_names(source: Source, limits: Limits, passed_over: Collection[str] = ()) -> list[str]:
    """The names in a file's header, whatever kind of table it is. Raises Refusal as `open_table` does."""
    with open_table(source, _Any(), limits, passed_over=passed_over) as table:
        return [name for name in table.names if name]


class _Any(Header):
    def __init__(self) -> None:
        super().__init__((), ())

    def check(self, names: list[str]) -> None:
        """Every header will do."""


def _wide(cells: list[str], width: int) -> list[str]:
    missing = width - len(cells)
    return cells + [""] * missing if missing > 0 else cells[:width] if not any(cells[width:]) else cells


def _not_empty(lines: Iterator[Line]) -> Iterator[Line]:
    """The same lines. Raises Refusal file.no_rows where there is none."""
    for line in lines:
        yield line
        yield from lines
        return
    raise Refusal(Fault("file.no_rows"))
