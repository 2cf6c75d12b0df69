"""An .xlsx file as a container: whether it can be read in bounded memory, its sheets and kinds of cells."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from posixpath import normpath
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from tracker.files.source import Source
from tracker.files.xml import MalformedError, each_element
from tracker.problems import Fault, Refusal

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_STYLES = "xl/styles.xml"
_MOST_PARTS = 500
# Of these parts all is kept; texts and sheets are read bit by bit.
_MOST_OF_A_PART = 10_000_000
# No table of people's is packed more closely; what is, was made to burst.
_MOST_PACKED = 250
_SMALL = 1_000_000


@dataclass(frozen=True)
class Limits:
    """What a file may be at most: bytes as it comes, bytes when unpacked, rows below its header."""

    packed: int
    unpacked: int
    rows: int


@dataclass(frozen=True)
class SheetPart:
    """A sheet: its name, whether people see it, and the part of the file that holds it."""

    title: str
    is_visible: bool
    part: str


@dataclass(frozen=True)
class Workbook:
    """What has to be known before a sheet is read: sheets, the part of the shared texts, which styles show
    a number as a date or a length of time, and the day from which they count.
    """

    archive: ZipFile
    sheets: tuple[SheetPart, ...]
    texts: str | None
    dates: frozenset[int]
    spans: frozenset[int]
    epoch: datetime

    def open(self, part: str) -> BinaryIO:
        """A part, which is never unpacked beyond the size that it states."""
        return self.archive.open(part)  # type: ignore[return-value]  # it reads as any file does


@contextmanager
def opened(source: Source, limits: Limits) -> Iterator[Workbook]:
    """The workbook. Raises Refusal: file.not_a_table for what is damaged or no workbook at all, also
    while its parts are read, and file.too_large.
    """
    with source.open("rb") as file:
        try:
            with ZipFile(file) as archive:
                _check(archive, limits)
                yield _read(archive)
        except (
            # What the parts of a damaged file make the libraries say.
            BadZipFile,
            EOFError,
            IndexError,
            KeyError,
            MalformedError,
            NotImplementedError,
            OverflowError,
            RuntimeError,
            ValueError,
            ZlibError,
        ):
            raise Refusal(Fault("file.not_a_table")) from None


def too_large(limits: Limits) -> Refusal:
    """What is said of a file that exceeds them."""
    sizes = {"megabytes": limits.packed // 1_000_000, "unpacked": limits.unpacked // 1_000_000}
    return Refusal(Fault("file.too_large", "", sizes))


def _check(archive: ZipFile, limits: Limits) -> None:
    parts = archive.infolist()
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > limits.unpacked:
        raise too_large(limits)
    for part in parts:
        if part.file_size > max(_SMALL, part.compress_size * _MOST_PACKED):
            raise too_large(limits)


def _read(archive: ZipFile) -> Workbook:
    sheets: list[tuple[str, bool, str]] = []
    epoch = CALENDAR_WINDOWS_1900

    def see(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal epoch
        if name == "sheet":
            state = attributes.get("state", "visible")
            sheets.append((attributes["name"], state == "visible", _relation_of(attributes)))
        elif name == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            epoch = CALENDAR_MAC_1904

    _each(archive, _WORKBOOK, see)
    targets, texts = _targets(archive)
    dates, spans = _styles(archive)
    found = tuple(SheetPart(title, seen, targets[key]) for title, seen, key in sheets if key in targets)
    if not found:
        raise MalformedError
    return Workbook(archive, found, texts, dates, spans, epoch)


def _relation_of(attributes: Mapping[str, str]) -> str:
    return next(value for name, value in attributes.items() if name.endswith("}id"))


def _targets(archive: ZipFile) -> tuple[dict[str, str], str | None]:
    """The parts of worksheets by relation, and the part of the shared texts if there is one."""
    sheets: dict[str, str] = {}
    texts = None

    def see(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal texts
        if name != "Relationship":
            return
        kind, target = attributes["Type"], attributes["Target"]
        part = target.lstrip("/") if target.startswith("/") else normpath(f"xl/{target}")
        if kind.endswith("/worksheet"):
            sheets[attributes["Id"]] = part
        elif kind.endswith("/sharedStrings"):
            texts = part

    _each(archive, _RELATIONS, see)
    return sheets, texts


def _styles(archive: ZipFile) -> tuple[frozenset[int], frozenset[int]]:
    """The numbers of the styles that show dates, and of those that show lengths of time."""
    formats: dict[int, str] = dict(BUILTIN_FORMATS)
    of_style: list[int] = []
    above: list[str] = [""]

    def see(name: str, attributes: Mapping[str, str]) -> None:
        if name in ("cellXfs", "cellStyleXfs", "dxfs"):
            above[0] = name
        elif name == "numFmt" and above[0] != "dxfs":
            formats[int(attributes["numFmtId"])] = attributes["formatCode"]
        elif name == "xf" and above[0] == "cellXfs":
            of_style.append(int(attributes.get("numFmtId", "0")))

    if _STYLES in archive.namelist():
        _each(archive, _STYLES, see)
    shown = [formats.get(number, "General") for number in of_style]
    spans = frozenset(style for style, shape in enumerate(shown) if is_timedelta_format(shape))
    dates = frozenset(style for style, shape in enumerate(shown) if is_date_format(shape))
    return dates - spans, spans


def _each(archive: ZipFile, name: str, see: object) -> None:
    if archive.getinfo(name).file_size > _MOST_OF_A_PART:
        raise MalformedError
    with archive.open(name) as part:
        each_element(part, see)  # type: ignore[arg-type]
