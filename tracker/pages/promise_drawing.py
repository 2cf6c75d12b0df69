"""Where everything stands on the timeline of a promise, in units of the drawing (pixels at full size)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tracker import clock
from tracker.promises.day_by_day import DayPart
from tracker.promises.holds import Hold

_PAD = 14
_CELL_TOP, _CELL_HEIGHT = 56, 34
_HOLD_TOP, _HOLD_HEIGHT, _HOLD_STEP = 98, 16, 20
_LANE = 22
# The fewer days, the wider each: a short promise should not look lost on a wide page.
_WIDTHS = ((8, 112), (14, 76), (24, 50), (200, 36))
_NARROWEST_LABEL = 44


@dataclass(frozen=True)
class Cell:
    """One day: its left edge and width."""

    x: float
    width: float
    day: DayPart
    first_of_month: bool


@dataclass(frozen=True)
class Bar:
    """A hold, by the minute; `label_fits`: there is room for a word in it."""

    x: float
    y: float
    width: float
    hold: Hold
    label_fits: bool


@dataclass(frozen=True)
class Mark:
    """A moment with its name: a line down to a lane of its own, the words left or right of it."""

    kind: str
    at: datetime
    x: float
    y: float
    anchor: str


@dataclass(frozen=True)
class Drawing:
    """All of it. `clipped` names marks that lie past the right edge and stand on it."""

    width: float
    height: float
    cell_top: int
    cell_height: int
    hold_height: int
    cells: Sequence[Cell]
    bars: Sequence[Bar]
    marks: Sequence[Mark]
    clipped: frozenset[str]


def draw(days: Sequence[DayPart], holds: Iterable[Hold], moments: Sequence[tuple[str, datetime]]) -> Drawing:
    """The timeline of these days, holds and named moments, the moments in the order of their lanes."""
    column = next(width for most, width in _WIDTHS if len(days) <= most or most == _WIDTHS[-1][0])
    begin, end = _midnight(days[0].day), _midnight(days[-1].day + timedelta(days=1))
    width = 2 * _PAD + column * len(days)

    def x_of(at: datetime) -> float:
        there = min(max(at, begin), end)
        return _PAD + (there - begin) / timedelta(days=1) * column

    cells = [
        Cell(_PAD + index * column, column, day, index == 0 or day.day.day == 1)
        for index, day in enumerate(days)
    ]
    bars = []
    for hold in holds:
        if hold.starts_at < end and hold.ends_at > begin:
            left, right = x_of(hold.starts_at), x_of(hold.ends_at)
            y = _HOLD_TOP + len(bars) * _HOLD_STEP
            bars.append(Bar(left, y, max(right - left, 2), hold, right - left >= _NARROWEST_LABEL))
    top = _HOLD_TOP + len(bars) * _HOLD_STEP + _LANE
    marks = [
        Mark(kind, at, x_of(at), top + lane * _LANE, "end" if x_of(at) > width / 2 else "start")
        for lane, (kind, at) in enumerate(moments)
    ]
    return Drawing(
        width=width,
        height=top + len(moments) * _LANE,
        cell_top=_CELL_TOP,
        cell_height=_CELL_HEIGHT,
        hold_height=_HOLD_HEIGHT,
        cells=cells,
        bars=bars,
        marks=marks,
        clipped=frozenset(kind for kind, at in moments if at > end),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), clock.CITY_ZONE)
