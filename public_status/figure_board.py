"""On-time figures as the public reads them: the latest of each period, and whether they were revised."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tracker.figures.rules import Counts, Period, PeriodKind, halves_told, months_told, suffices, total


@dataclass(frozen=True)
class PublishedFigure:
    """A figure as it was published; columns as in `tracker.figures.models.PublishedFigure`."""

    operator_id: int
    kind: PeriodKind
    starts_on: date
    revision: int
    due: int
    on_time: int
    net_due: int
    net_on_time: int
    removed: Mapping[str, int]
    published_at: datetime

    @property
    def period(self) -> Period:
        """The period that it is about."""
        return Period(self.kind, self.starts_on)

    @property
    def counts(self) -> Counts:
        """What was counted."""
        return Counts(self.due, self.on_time, self.net_due, self.net_on_time, self.removed)


@dataclass(frozen=True)
class Rate:
    """A part of a sample; it is told only if the sample is large enough."""

    on_time: int
    sample: int

    @property
    def is_told(self) -> bool:
        """Whether it may be told."""
        return suffices(self.sample)

    @property
    def hundredths(self) -> float:
        """How many in a hundred, for a picture and for programs; to one decimal."""
        return round(self.on_time / self.sample * 100, 1)


@dataclass(frozen=True)
class Line:
    """What is told of one period, of an operator or of the city. `revised_at` is None if it never was."""

    period: Period
    counts: Counts
    published_at: datetime
    revised_at: datetime | None

    @property
    def gross(self) -> Rate:
        """By the first promise, with nothing left out."""
        return Rate(self.counts.on_time, self.counts.due)

    @property
    def net(self) -> Rate:
        """By the promise as it stands, without what is not the operator's doing."""
        return Rate(self.counts.net_on_time, self.counts.net_due)

    @property
    def removed(self) -> list[tuple[str, int]]:
        """What the net figure leaves out, by reason, the most frequent first."""
        return sorted(self.counts.removed.items(), key=lambda one: (-one[1], one[0]))


def lines_of(figures: Iterable[PublishedFigure], operator_id: int | None) -> dict[Period, Line]:
    """The latest figures of each period: an operator's, or with None those of all operators together."""
    latest: dict[Period, dict[int, PublishedFigure]] = {}
    for one in sorted(figures, key=lambda one: one.revision):
        if operator_id in (None, one.operator_id):
            latest.setdefault(one.period, {})[one.operator_id] = one
    return {period: _line(period, list(found.values())) for period, found in latest.items()}


def _line(period: Period, figures: Sequence[PublishedFigure]) -> Line:
    revised = [one.published_at for one in figures if one.revision > 1]
    return Line(
        period,
        total(one.counts for one in figures),
        max(one.published_at for one in figures),
        max(revised, default=None),
    )


def told_at(lines: Mapping[Period, Line], now: datetime) -> tuple[list[Line], list[Line]]:
    """The half-years and the months that are told at a moment, the latest first."""
    halves, months = (
        [lines[one] for one in reversed(periods) if one in lines]
        for periods in (halves_told(now), months_told(now))
    )
    return halves, months
