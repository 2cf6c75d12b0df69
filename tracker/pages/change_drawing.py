"""The days of a change on a line, and who was told as a bar."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from tracker.tariff_changes.coverage import Coverage

WIDTH = 1000
_NARROWEST = 6


@dataclass(frozen=True)
class Day:
    """A day that matters, in words; `note` says more of it. `is_ahead`: today's is still to come, too."""

    on: date
    word: str
    note: str = ""
    is_today: bool = False
    is_ahead: bool = False


@dataclass(frozen=True)
class Segment:
    """A part of the bar: of whom, how many, its left edge and width of WIDTH."""

    name: str
    count: int
    x: float
    width: float


def in_order(days: Iterable[Day], today: Day, *, today_first: bool = False) -> list[Day]:
    """Days from the earliest to the latest, today among them: after what is done today, or before it."""

    def place(one: Day) -> tuple[date, int]:
        return one.on, 1 if one.is_today else 2 if today_first or one.is_ahead else 0

    return sorted([*days, today], key=place)


def bar(found: Coverage) -> Sequence[Segment]:
    """Everybody whom a change concerns, by how they stand; nobody is too few to be seen."""
    names = ("on_time", "late", "waiting", "not_reached", "unwarned")
    counts = {name: count for name in names if (count := getattr(found, name))}
    whole = sum(counts.values())
    widths = {name: max(count / whole * WIDTH, _NARROWEST) for name, count in counts.items()}
    scale = WIDTH / sum(widths.values()) if widths else 1
    segments, x = [], 0.0
    for name, count in counts.items():
        width = widths[name] * scale
        segments.append(Segment(name, count, round(x, 2), round(width, 2)))
        x += width
    return segments
