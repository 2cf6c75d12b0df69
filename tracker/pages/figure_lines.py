"""The figures of a page, gathered: its points in time and its lines by split, each with what it was counted
from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import zip_longest
from typing import Any

from flask_babel import gettext
from sqlalchemy import Connection

from tracker.figures.cells import HANDS
from tracker.figures.measure_rules import Measures
from tracker.figures.measures import measures
from tracker.figures.on_time import on_time_figures
from tracker.figures.periods import Stretch, points
from tracker.figures.rules import Counts, suffices
from tracker.pages import figure_words
from tracker.pages.figure_request import AREAS, SPLITS, Question
from tracker.reference import Reference

Hands = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Point:
    """A day, week or month of a trend, and how the one in its place did in the period compared with."""

    at: date
    days: Stretch
    counts: Counts
    days_before: Stretch | None = None
    before: Counts | None = None

    @property
    def is_small(self) -> bool:
        """Whether any of its rates is of a small sample."""
        samples = [self.counts.due, self.counts.net_due, self.before.due if self.before else 0]
        return any(sample and not suffices(sample) for sample in samples)


@dataclass(frozen=True)
class Line:
    """A county, channel, team or the like: its value of the split, its name, the part of an address that
    names it, and its counts.
    """

    key: Any
    name: str
    narrows: Mapping[str, str]
    counts: Counts


def overall(connection: Connection, question: Question, now: datetime) -> tuple[Counts, Counts | None]:
    """The counts of the period, and of the one that it is compared with."""
    counts = on_time_figures(connection, question.asked(), now).get("", Counts())
    if (compared := question.compared) is None:
        return counts, None
    return counts, on_time_figures(connection, question.asked(days=compared), now).get("", Counts())


def measured(connection: Connection, question: Question, now: datetime) -> tuple[Measures, Measures | None]:
    """What else is measured of the period, and of the one that it is compared with."""
    found = measures(connection, question.asked(), now).get("", Measures())
    if (compared := question.compared) is None:
        return found, None
    return found, measures(connection, question.asked(days=compared), now).get("", Measures())


def trend(connection: Connection, question: Question, now: datetime) -> list[Point]:
    """The period point by point, the earliest first; points without an order too."""
    grain = question.grain
    found = on_time_figures(connection, question.asked(grain.value), now)
    made = [Point(at, days, found.get(at, Counts())) for at, days in points(question.days, grain)]
    if (compared := question.compared) is None:
        return made
    past = on_time_figures(connection, question.asked(grain.value, compared), now)
    # The first point beside the first: how many there are may differ.
    places = zip_longest(made, points(compared, grain))
    return [
        point if other is None else replace(point, days_before=other[1], before=past.get(other[0], Counts()))
        for point, other in places
        if point is not None
    ]


def lines(
    connection: Connection, question: Question, split: str, reference: Reference, hands: Hands, now: datetime
) -> list[Line]:
    """A line for each that there is, also where it had no order; counties as they are coded, others by how
    many orders they had.
    """
    found = on_time_figures(connection, question.asked(SPLITS[split]), now)
    names = _names(split, int(question.only["operator_id"]), reference, hands)
    keys = [*names, *(key for key in found if key not in names)]
    made = [
        Line(key, names.get(key, f"#{key}"), _narrows(split, key), found.get(key, Counts())) for key in keys
    ]
    if split in ("county", "customer", "area"):
        return made
    return sorted(made, key=lambda line: (-line.counts.due, -line.counts.net_due, line.name))


def _names(split: str, operator_id: int, reference: Reference, hands: Hands) -> dict[Any, str]:
    if split in HANDS:
        return {**hands[split], "": figure_words.hand_word(split, "", hands)}
    if split == "county":
        counties = {place.county_code: place.county for place in reference.places.values()}
        return dict(sorted(counties.items()))
    if split == "channel":
        return {one.id: one.name for one in reference.channels.values() if one.operator_id == operator_id}
    if split == "customer":
        return {kind: gettext(word) for kind, word in figure_words.KIND_WORDS.items()}
    return {AREAS[area]: gettext(word) for area, word in figure_words.AREA_WORDS.items()}


def _narrows(split: str, key: Any) -> Mapping[str, str]:
    if split in HANDS:
        return {"hand": f"{split}:{key}"}
    if split == "area":
        return {"area": next(area for area, rural in AREAS.items() if rural == key)}
    return {split: str(key)}


def narrowed_words(question: Question, reference: Reference, hands: Hands) -> Sequence[str]:
    """By what a question is narrowed, in words."""
    said = []
    for name, value in question.narrowed.items():
        if name == "hand":
            hand, _, whose = value.partition(":")
            said.append(figure_words.hand_word(hand, whose, hands))
        else:
            key: Any = {"area": AREAS.get(value), "channel": question.only.get("channel_id")}.get(name, value)
            said.append(_names(name, int(question.only["operator_id"]), reference, hands)[key])
    return said
