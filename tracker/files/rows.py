"""Rows of a CSV file, one by one, in constant memory."""

import csv
from codecs import BOM_UTF8
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from tracker.files.source import Source
from tracker.problems import Fault, Refusal

UTF_8, GB18030 = "utf-8", "gb18030"
# By so many lines that are not plain ASCII the encoding of a file is told.
_TELLING = 1000
# A longer one is no row of a table; beyond it a file is read in pieces of this size.
_LONGEST_LINE = 1 << 20

# Line of a row (the header is 1), its cells or why they cannot be read, and bytes read so far.
Cells = tuple[int, list[str] | Fault, int]


@dataclass(frozen=True)
class BadRow:
    """A fault of one row: the line of the file it begins on (the header is 1), and the column."""

    line: int
    column: str
    fault: Fault


class RawLine(NamedTuple):
    """A line: its number, its cells, as well as they can be told where a fault says that they cannot be
    read, and how many bytes were read by its end.
    """

    number: int
    cells: list[str]
    fault: Fault | None
    position: int


@dataclass(frozen=True)
class Header:
    """Which columns a file may have, and which it must."""

    known: Collection[str]
    needed: Collection[str]

    def check(self, names: list[str]) -> None:
        """Raises Refusal with file.missing_column, file.unknown_column, file.repeated_column."""
        faults = [
            Fault("file.missing_column", "", {"column": name}) for name in self.needed if name not in names
        ]
        faults += [
            Fault("file.unknown_column", "", {"column": name}) for name in names if name not in self.known
        ]
        twice = {name for name in names if names.count(name) > 1}
        faults += [Fault("file.repeated_column", "", {"column": name}) for name in sorted(twice)]
        if faults:
            raise Refusal(*faults)


def read_header(source: Source, encoding: str = UTF_8) -> list[str]:
    """The names in the first line. Raises Refusal file.encoding or file.row_width."""
    for line in _lines(source, encoding):
        if line.fault is not None:
            raise Refusal(line.fault)
        return [name.strip() for name in line.cells]
    return []


def read_lines(source: Source, encoding: str, width: int) -> Iterator[RawLine]:
    """The lines below the header that are not empty; one that has not `width` cells is at fault."""
    for line in islice(_lines(source, encoding), 1, None):
        if line.cells:
            if len(line.cells) != width and line.fault is None:
                yield line._replace(fault=Fault("file.row_width"))
            else:
                yield line


def read_cells(source: Source, header: Header, encoding: str = UTF_8) -> tuple[list[str], Iterator[Cells]]:
    """The columns of a file as it has them, and its rows, each of as many cells.

    Raises Refusal for a header that is not of this kind of file.
    """
    names = read_header(source, encoding)
    header.check(names)
    lines = read_lines(source, encoding, len(names))
    return names, ((number, fault or cells, position) for number, cells, fault, position in lines)


def read_rows(
    source: Source, header: Header, encoding: str = UTF_8
) -> Iterator[tuple[int, dict[str, str] | Fault, int]]:
    """The same with the cells of each row by column."""
    names, rows = read_cells(source, header, encoding)
    for line, cells, position in rows:
        yield line, cells if isinstance(cells, Fault) else dict(zip(names, cells, strict=True)), position


def count_lines(source: Source) -> int:
    """How many lines the content has."""
    count, last = 0, b"\n"
    with source.open("rb") as raw:
        while chunk := raw.read(1 << 20):
            count += chunk.count(b"\n")
            last = chunk[-1:]
    return count + (last != b"\n")


def detect_encoding(source: Source) -> str:
    """UTF_8, or GB18030 where most of the lines with more than ASCII in them can be no UTF-8.

    A few damaged lines do not make another encoding of a file: they are told as such. Nor does a word of
    GB18030 that looks like UTF-8, as 小学 does, make UTF-8 of it.
    """
    with source.open("rb") as raw:
        whole = iter(lambda: raw.readline(_LONGEST_LINE), b"")
        telling = list(islice((line for line in whole if not line.isascii()), _TELLING))
    if telling and telling[0].startswith(BOM_UTF8):
        return UTF_8
    strange = [line for line in telling if not _decodes(line, UTF_8)]
    gb18030 = 2 * len(strange) > len(telling) and all(_decodes(line, GB18030) for line in strange)
    return GB18030 if gb18030 else UTF_8


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _lines(source: Source, encoding: str) -> Iterator[RawLine]:
    position = 0
    with source.open("rb") as raw:
        # A line is a row: no field may hold a line break, and so a stray quote costs its own row only.
        for number, line in enumerate(iter(lambda: raw.readline(_LONGEST_LINE), b""), start=1):
            position += len(line)
            content = line.removeprefix(BOM_UTF8) if number == 1 else line
            try:
                text = content.decode(encoding).rstrip("\r\n")
            except UnicodeDecodeError:
                damaged = content.decode(encoding, "replace").rstrip("\r\n")
                yield RawLine(number, damaged.split(","), Fault("file.encoding"), position)
                continue
            # Where nothing is quoted, and that is nearly everywhere, taking apart is all there is to do.
            if '"' not in text and "\r" not in text:
                yield RawLine(number, text.split(",") if text else [], None, position)
            else:
                yield RawLine(number, *_quoted(text), position)


def _quoted(text: str) -> tuple[list[str], Fault | None]:
    try:
        return next(csv.reader([text], strict=True), []), None
    except csv.Error:
        return text.split(","), Fault("file.row_width")
