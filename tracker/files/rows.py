"""Rows of a CSV file, one by one, in constant memory."""

import csv
from codecs import BOM_UTF8
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tracker.problems import Fault, Refusal

UTF_8, GB18030 = "utf-8", "gb18030"
# By so many lines that are not plain ASCII the encoding of a file is told.
_TELLING = 1000

# Line of a row (the header is 1), its cells or why they cannot be read, and bytes read so far.
Cells = tuple[int, list[str] | Fault, int]


@dataclass(frozen=True)
class BadRow:
    """A fault of one row: the line of the file it begins on (the header is 1), and the column."""

    line: int
    column: str
    fault: Fault


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


def read_header(path: Path, encoding: str = UTF_8) -> list[str]:
    """The names in the first line. Raises Refusal file.encoding or file.row_width."""
    for _, cells, _ in _lines(path, encoding):
        if isinstance(cells, Fault):
            raise Refusal(cells)
        return [name.strip() for name in cells]
    return []


def read_cells(path: Path, header: Header, encoding: str = UTF_8) -> tuple[list[str], Iterator[Cells]]:
    """The columns of a file as it has them, and its rows, each of as many cells.

    Raises Refusal for a header that is not of this kind of file.
    """
    names = read_header(path, encoding)
    header.check(names)
    return names, _rows(path, encoding, len(names))


def read_rows(
    path: Path, header: Header, encoding: str = UTF_8
) -> Iterator[tuple[int, dict[str, str] | Fault, int]]:
    """The same with the cells of each row by column."""
    names, rows = read_cells(path, header, encoding)
    for line, cells, position in rows:
        yield line, cells if isinstance(cells, Fault) else dict(zip(names, cells, strict=True)), position


def detect_encoding(path: Path) -> str:
    """UTF_8, or GB18030 where most of the lines with more than ASCII in them can be no UTF-8.

    A few damaged lines do not make another encoding of a file: they are told as such. Nor does a word of
    GB18030 that looks like UTF-8, as 小学 does, make UTF-8 of it.
    """
    with path.open("rb") as raw:
        telling = list(islice((line for line in raw if not line.isascii()), _TELLING))
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


def _rows(path: Path, encoding: str, width: int) -> Iterator[Cells]:
    for line, cells, position in islice(_lines(path, encoding), 1, None):
        if not cells:
            continue
        if isinstance(cells, list) and len(cells) != width:
            yield line, Fault("file.row_width"), position
        else:
            yield line, cells, position


def _lines(path: Path, encoding: str) -> Iterator[Cells]:
    position = 0
    with path.open("rb") as raw:
        # A line is a row: no field may hold a line break, and so a stray quote costs its own row only.
        for number, line in enumerate(raw, start=1):
            position += len(line)
            try:
                text = (line.removeprefix(BOM_UTF8) if number == 1 else line).decode(encoding)
            except UnicodeDecodeError:
                yield number, Fault("file.encoding"), position
                continue
            yield number, _cells(text.rstrip("\r\n")), position


def _cells(text: str) -> list[str] | Fault:
    # Where nothing is quoted, and that is nearly everywhere, taking apart is all there is to do.
    if '"' not in text and "\r" not in text:
        return text.split(",") if text else []
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        return Fault("file.row_width")
