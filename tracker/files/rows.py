"""Rows of a CSV file, one by one, in constant memory."""

import csv
from codecs import BOM_UTF8
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from tracker.problems import Fault, Refusal


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


def read_rows(
    path: Path, header: Header, encoding: str = "utf-8"
) -> Iterator[tuple[int, dict[str, str] | Fault, int]]:
    """Line of each row, its cells by column or why they cannot be read, and bytes read so far.

    `encoding`: one in which no other character's bytes hold a line feed. Raises Refusal for a header
    that is not of this kind of file.
    """
    names: list[str] | None = None
    with path.open("rb") as raw:
        # A line is a row: no field may hold a line break, and so a stray quote costs its own row only.
        # Bytes that are not of the encoding become surrogates, by which the row is told to be so.
        for number, line in enumerate(raw, start=1):
            text = (line.removeprefix(BOM_UTF8) if number == 1 else line).decode(encoding, "surrogateescape")
            try:
                cells = next(csv.reader([text.rstrip("\r\n")], strict=True), [])
            except csv.Error:
                cells = [""] * (len(names or ()) + 1)
            if names is None:
                names = [name.strip() for name in cells]
                header.check(names)
            elif cells:
                yield number, _by_column(names, cells), raw.tell()
    if names is None:
        header.check([])


def _by_column(names: list[str], cells: list[str]) -> dict[str, str] | Fault:
    if len(cells) != len(names):
        return Fault("file.row_width")
    if any("\udc80" <= char <= "\udcff" for cell in cells for char in cell):
        return Fault("file.encoding")
    return dict(zip(names, cells, strict=True))
