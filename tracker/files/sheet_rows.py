"""The rows of one sheet as a person sees them, one by one, in constant memory.

A sheet of a million rows has some sixty million elements, so the handlers do nothing that can wait.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.datetime import from_excel, from_ISO8601

from tracker.files.shared_strings import LONGEST_TEXT, SharedStrings, unescaped
from tracker.files.workbook import Workbook
from tracker.files.xml import MalformedError, chunks, each_element, feed, local, parser
from tracker.problems import Fault

# Of wider rows the rest is passed over.
MOST_COLUMNS = 100

_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,15}")
_REFERENCE = re.compile(r"([A-Za-z]{1,3})[0-9]*")
_MERGED = b"mergeCell"
_ROW = re.compile(rb"<(?:\w+:)?row[\s>/]")


class SheetRow(NamedTuple):
    """A row: its number, what its cells show up to the last that shows anything, the cells that cannot be
    taken by their place, whether it is hidden, and how many bytes of the sheet were read by its end.
    """

    number: int
    cells: list[str]
    faults: list[tuple[int, Fault]]
    is_hidden: bool
    position: int


def place(index: int, name: str) -> str:
    """A column as people find it: its letter, and the name in its header. `index` counts from 0."""
    return f"{get_column_letter(index + 1)} {name}".strip()


def look_over(book: Workbook, part: str) -> tuple[int, list[str]]:
    """How many rows a sheet has, and its merged cells, which stand behind them.

    Raises MalformedError for a sheet that breaks off or is no XML, before a row of it is taken for good.
    """
    rows, merged, kept = 0, False, b""
    # Without handlers a parser takes a twentieth of the time in which rows are read.
    sound = parser()
    with book.open(part) as file:
        for chunk in chunks(sound, file):
            seen = kept + chunk
            # An element that could be cut off stays for the next look.
            kept = seen[seen.rfind(b"<") :] if seen.rfind(b"<", -64) >= 0 else b""
            rows += sum(1 for _ in _ROW.finditer(seen, 0, len(seen) - len(kept)))
            merged = merged or _MERGED in seen
    if not merged:
        return rows, []
    ranges: list[str] = []

    def see(name: str, attributes: dict[str, str]) -> None:
        if name == "mergeCell" and len(ranges) < 100:
            ranges.append(attributes.get("ref", ""))

    with book.open(part) as file:
        each_element(file, see)
    return rows, ranges


class _Kind:
    """What an element is to us."""

    ROW, CELL, VALUE, INLINE, FORMULA, ASIDE = range(1, 7)


_KINDS = {
    "row": _Kind.ROW,
    "c": _Kind.CELL,
    "v": _Kind.VALUE,
    "t": _Kind.INLINE,
    "f": _Kind.FORMULA,
    "rPh": _Kind.ASIDE,
}


@lru_cache(4096)
def _kind_of(name: str) -> int:
    return _KINDS.get(local(name), 0)


@lru_cache(4096)
def _column_of(letters: str) -> int:
    return column_index_from_string(letters) - 1


def rows(book: Workbook, part: str, strings: SharedStrings) -> Iterator[SheetRow]:
    """Every row that shows something. Raises MalformedError, IndexError and ValueError for a damaged one."""
    shown = _Shown(book, strings)
    done: list[tuple[int, list[str], list[tuple[int, Fault]], bool]] = []
    number, index = 0, -1
    cells: list[str] = []
    faults: list[tuple[int, Fault]] = []
    hidden = formula = reading = aside = False
    kind = style = ""
    pieces: list[str] = []
    length = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal number, index, cells, faults, hidden, formula, reading, aside, kind, style, length
        what = _kind_of(name)
        if what == _Kind.VALUE or what == _Kind.INLINE:
            reading = not (aside or formula)
        elif what == _Kind.CELL:
            reference = attributes.get("r")
            index = index + 1 if reference is None else _place_in(reference)
            kind, style = attributes.get("t", "n"), attributes.get("s", "")
            formula, length = False, 0
            pieces.clear()
        elif what == _Kind.ROW:
            given = attributes.get("r")
            number = number + 1 if given is None else int(given)
            hidden = attributes.get("hidden") in ("1", "true")
            cells, faults, index = [], [], -1
        elif what == _Kind.FORMULA:
            formula = reading = True
        elif what == _Kind.ASIDE:
            aside = True

    def end(name: str) -> None:
        nonlocal reading, aside
        what = _kind_of(name)
        if what in (_Kind.VALUE, _Kind.INLINE, _Kind.FORMULA):
            reading = False
        elif what == _Kind.CELL:
            if (pieces or formula) and 0 <= index < MOST_COLUMNS:
                value = pieces[0] if len(pieces) == 1 else "".join(pieces)
                # A formula is shown as one: what came of it last may be wrong by now.
                words = f"={value}" if formula else shown.words(kind, style, value)
                if words or formula:
                    while len(cells) < index:
                        cells.append("")
                    cells[index:] = [words]
                    if formula:
                        faults.append((index, _FORMULA))
                    elif kind == "e":
                        faults.append((index, Fault("file.error_value", "", {"value": words})))
        elif what == _Kind.ROW:
            if cells:
                done.append((number, cells, faults, hidden))
        elif what == _Kind.ASIDE:
            aside = False

    def text(data: str) -> None:
        nonlocal length
        if reading and length <= LONGEST_TEXT:
            pieces.append(data)
            length += len(data)

    made = parser()
    made.StartElementHandler, made.EndElementHandler, made.CharacterDataHandler = start, end, text
    with book.open(part) as file:
        for read in feed(made, file):
            for one in done:
                yield SheetRow(*one, read)
            done.clear()


_FORMULA = Fault("file.formula")


def _place_in(reference: str) -> int:
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise MalformedError
    return _column_of(found[1])


class _Shown:
    """What cells show, by their kind and style."""

    def __init__(self, book: Workbook, strings: SharedStrings) -> None:
        self._strings = strings
        self._epoch = book.epoch
        self._dates = {str(style) for style in book.dates}
        self._spans = {str(style) for style in book.spans}

    def words(self, kind: str, style: str, value: str) -> str:
        """What a cell of this kind shows. A number has the 15 digits that spreadsheets show of it."""
        if kind == "s":
            return self._strings[int(value)]
        if kind == "n":
            if style in self._dates or style in self._spans:
                return self._moment(float(value), style in self._spans)
            return value if _PLAIN_NUMBER.fullmatch(value) else _number(value)
        if kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        if kind == "d":
            return _moment_in_words(from_ISO8601(value))
        return unescaped(value)

    def _moment(self, value: float, is_span: bool) -> str:
        try:
            return _moment_in_words(from_excel(value, self._epoch, timedelta=is_span))
        except (OverflowError, ValueError):
            # A spreadsheet shows such a date as ########.
            return _number(str(value))


def _moment_in_words(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == value.min.time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, date) else str(value)


def _number(value: str) -> str:
    return f"{float(value):.15g}"
