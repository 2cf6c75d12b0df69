"""Read an announced year's days from a CSV file, for when no package knows them yet.

The file lists what differs from Monday-to-Friday, as the State Council's notice does: columns day
(ISO 8601), working (休 or rest, 班 or work), name, and optionally name_en. It may also hold days of the
December before, which the notice of a year sometimes settles.
"""

import csv
from datetime import date
from pathlib import Path

from tracker.problems import Fault, Refusal
from tracker.promises.calendar import MAKE_UP, SpecialDay

_NEEDED = ("day", "working", "name")
_COLUMNS = (*_NEEDED, "name_en")
_WORDS = {"休": False, "rest": False, "班": True, "work": True}
_NAME_LIMITS = {"name": 40, "name_en": 60}
# A year's notice has some forty days; a larger file is another one.
_LARGEST = 200_000

# Days off by law whatever the year (全国年节及纪念日放假办法, as of 2025): a file without them is not whole.
_FIXED = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))


def read_calendar_file(path: Path, year: int) -> list[SpecialDay]:
    """The special days that the file gives for `year`.

    Raises Refusal with every fault found; the pointer of each is /line/column, the header being line 1.
    """
    if path.stat().st_size > _LARGEST:
        raise Refusal(Fault("request.too_large"))
    return read_calendar(path.read_bytes(), year)


def read_calendar(content: bytes, year: int) -> list[SpecialDay]:
    """The special days that the content of such a file gives. Raises Refusal as `read_calendar_file`."""
    if len(content) > _LARGEST:
        raise Refusal(Fault("request.too_large"))
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise Refusal(Fault("file.encoding")) from None
    header = next(csv.reader(lines[:1]), [])
    faults = [Fault("file.missing_column", "", {"column": name}) for name in _NEEDED if name not in header]
    faults += [Fault("file.unknown_column", "", {"column": name}) for name in header if name not in _COLUMNS]
    faults += [
        Fault("file.repeated_column", "", {"column": name})
        for name in sorted({name for name in header if header.count(name) > 1})
    ]
    if faults:
        raise Refusal(*faults)
    found: dict[date, SpecialDay] = {}
    for number, line in enumerate(lines[1:], start=2):
        if line.strip():
            faults += _read_line(header, line, number, year, found)
    if not faults:
        faults = _missing(found, year)
    if faults:
        raise Refusal(*faults)
    return sorted(found.values())


def _read_line(
    header: list[str], line: str, number: int, year: int, found: dict[date, SpecialDay]
) -> list[Fault]:
    """Add the day of one line to `found`; or what is wrong with the line."""
    cells = next(csv.reader([line]), [])
    if len(cells) != len(header):
        return [Fault("file.row_width", f"/{number}")]
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    faults = []
    try:
        day = date.fromisoformat(row["day"])
    except ValueError:
        faults.append(Fault("calendar.impossible_day", f"/{number}/day"))
    else:
        if day.year != year and (day.year, day.month) != (year - 1, 12):
            faults.append(Fault("calendar.day_outside_year", f"/{number}/day", {"year": year}))
        elif day in found:
            faults.append(Fault("calendar.duplicate_day", f"/{number}/day"))
    if row["working"] not in _WORDS:
        faults.append(Fault("calendar.working_word", f"/{number}/working"))
    for name, limit in _NAME_LIMITS.items():
        if len(row.get(name, "")) > limit:
            faults.append(Fault("field.too_long", f"/{number}/{name}", {"limit": limit}))
        if not row.get(name, "").isprintable():
            faults.append(Fault("field.control_characters", f"/{number}/{name}"))
    if not faults:
        working = _WORDS[row["working"]]
        name = row["name"] or (MAKE_UP if working else "")
        found[day] = SpecialDay(day, working, name, row.get("name_en", "") or name)
    return faults


def _missing(found: dict[date, SpecialDay], year: int) -> list[Fault]:
    fixed = [date(year, month, day) for month, day in _FIXED]
    missing = [day for day in fixed if day not in found or found[day].working]
    return [Fault("calendar.statutory_day_missing", "", {"day": day.isoformat()}) for day in missing]
