"""What the regulator sees of all operators side by side: rates and samples, nothing of any person.

A rate of a sample that does not suffice is not told. Where a split is by place, neither is what would tell
such a rate beside it, by the other places or by the other operators (`rules.withheld`). The sample itself is
always told. It is about this page alone: submitted reports hold the counts of all places.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from tracker import clock
from tracker.figures.on_time import Asked, Split, Stretch, on_time_figures
from tracker.figures.rules import Counts, suffices, total
from tracker.reports import rules
from tracker.reports.about import Scope


@dataclass(frozen=True)
class Told:
    """What is told of one part: the rates with their samples; None where the rate is withheld."""

    gross: tuple[int, int] | None
    gross_sample: int
    net: tuple[int, int] | None
    net_sample: int


@dataclass(frozen=True)
class Overview:
    """By operator, and with None of all together. `removed` is what net leaves out, of those whose net rate
    is told.
    """

    overall: Mapping[int | None, Told]
    removed: Mapping[int | None, int]
    counties: Mapping[int | None, Mapping[str, Told]]
    kinds: Mapping[int | None, Mapping[str, Told]]
    months: Mapping[int | None, Mapping[date, Told]]
    month_starts: Sequence[date]


def overview(connection: Connection, scope: Scope) -> Overview:
    """All of it, for a half-year and the half before it, whose months make the trend."""
    before = rules.half_before(scope.period)
    trend = Stretch(before.starts_on, scope.period.ends_on)
    keys: list[int | None] = [None, *(one.id for one in scope.of_operators)]

    def split(by: Split, days: Stretch = scope.days) -> dict[int | None, dict[Any, Counts]]:
        found: dict[int | None, dict[Any, Counts]] = {}
        for key in keys:
            only = {} if key is None else {"operator_id": key}
            found[key] = on_time_figures(connection, Asked(days, by, only), scope.now)
        return found

    whole = {key: total(parts.values()) for key, parts in split("").items()}
    month_starts = [one.starts_on for half in (before, scope.period) for one in half.months]
    shown = {key: told(counts) for key, counts in whole.items()}
    return Overview(
        shown,
        {key: sum(one.removed.values()) for key, one in whole.items() if shown[key].net is not None},
        _by_place(split("county"), scope.counties),
        {key: _each(parts) for key, parts in split("customer_kind").items()},
        {key: _each(parts) for key, parts in split("month", trend).items()},
        [first for first in month_starts if first <= clock.local_date(scope.now)],
    )


def told(counts: Counts) -> Told:
    """The rates of counts, where their samples suffice."""
    return Told(
        (counts.on_time, counts.due) if suffices(counts.due) else None,
        counts.due,
        (counts.net_on_time, counts.net_due) if suffices(counts.net_due) else None,
        counts.net_due,
    )


def _by_place(
    found: Mapping[int | None, Mapping[Any, Counts]], places: Iterable[str]
) -> dict[int | None, dict[str, Told]]:
    """The rates of every place, by operator and of all together."""
    every = {(key, place): parts.get(place, Counts()) for key, parts in found.items() for place in places}
    no_gross = rules.withheld({cell: counts.due for cell, counts in every.items()})
    no_net = rules.withheld({cell: counts.net_due for cell, counts in every.items()})
    shown: dict[int | None, dict[str, Told]] = {}
    for (key, place), counts in every.items():
        one = told(counts)
        if (key, place) in no_gross:
            one = replace(one, gross=None)
        if (key, place) in no_net:
            one = replace(one, net=None)
        shown.setdefault(key, {})[place] = one
    return shown


def _each(parts: Mapping[Any, Counts]) -> dict[Any, Told]:
    return {key: told(counts) for key, counts in parts.items()}
