"""Half-year reports: their life, what a self-check must say, which small figures are told; pure decisions."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from heapq import heappop, heappush
from itertools import count
from typing import Any

from tracker import clock
from tracker.figures.rules import SETTLES_AFTER, Period, PeriodKind, period_of, suffices
from tracker.problems import Fault

# How `content` is laid out; whoever changes the layout raises it and keeps reading the former ones.
# 2: it says itself how large a sample has to be.
CONTENT_VERSION = 2


# A column and a place.
Cell = tuple[Any, Any]
_WHOLE = object()


class State(StrEnum):
    """How far a report has come."""

    DRAFT = "draft"
    OFFERED = "offered"  # 送审: waits for another manager
    APPROVED = "approved"
    SUBMITTED = "submitted"  # 已报送: frozen


class Event(StrEnum):
    """What may be done about a report."""

    BEGUN = "begun"
    CORRECTED = "corrected"  # begun again, because what was submitted is wrong
    ASKED = "asked"  # to be built
    BUILT = "built"
    FAILED = "failed"  # to be built
    OFFERED = "offered"
    APPROVED = "approved"
    RETURNED = "returned"  # 退回修改
    SUBMITTED = "submitted"


# From which states each may be done; the state that it leads to.
MOVES: Mapping[Event, tuple[tuple[State, ...], State]] = {
    Event.ASKED: ((State.DRAFT,), State.DRAFT),
    Event.OFFERED: ((State.DRAFT,), State.OFFERED),
    Event.APPROVED: ((State.OFFERED,), State.APPROVED),
    Event.RETURNED: ((State.OFFERED, State.APPROVED), State.DRAFT),
    Event.SUBMITTED: ((State.APPROVED,), State.SUBMITTED),
}

_HALF = re.compile(r"(20[0-9]{2})H([12])")
# A mobile number, or an ID number.
_PERSONAL = re.compile(r"(?<![0-9])(?:1[3-9][0-9]{9}|[0-9]{17}[0-9Xx])(?![0-9])")


def half_code(period: Period) -> str:
    """A half-year as addresses and commands name it: "2026H1"."""
    return f"{period.starts_on.year}H{1 if period.starts_on.month == 1 else 2}"


def half_named(code: str) -> Period | None:
    """The half-year of a name, or None where it names none."""
    found = _HALF.fullmatch(code)
    if found is None:
        return None
    return half_at(date(int(found[1]), 1 if found[2] == "1" else 7, 1))


def half_at(starts_on: date) -> Period:
    """The half-year that begins on a day."""
    return Period(PeriodKind.HALF, starts_on)


def recent_halves(today: date, count: int) -> list[Period]:
    """The half-year that a day lies in, and those before it: the latest first."""
    period = period_of(PeriodKind.HALF, today)
    found = [period]
    while len(found) < count:
        period = half_before(period)
        found.append(period)
    return found


def half_before(period: Period) -> Period:
    """The half-year before one."""
    first = period.starts_on
    return half_at(date(first.year, 1, 1) if first.month == 7 else date(first.year - 1, 7, 1))


def move_faults(event: Event, state: str) -> list[Fault]:
    """What stands against doing something to a report in this state."""
    return [] if state in MOVES[event][0] else [Fault("report.state")]


def offer_faults(content: Mapping[str, Any] | None, *, is_building: bool) -> list[Fault]:
    """What stands against a review: it is built, and the self-check of every county stands in it."""
    if content is None or is_building:
        return [Fault("report.not_built")]
    missing = content["self_checks_missing"]
    return [Fault("report.self_checks", "", {"count": missing})] if missing else []


def review_faults(
    offered_by: str | None, reviews: str, remarks: str | None, *, approves: bool
) -> list[Fault]:
    """Another person approves it; whoever sends it back says why, unless it is their own."""
    if approves:
        return [Fault("report.own_review")] if offered_by == reviews else []
    if remarks is None and offered_by != reviews:
        return [Fault("report.remarks_required", "/remarks")]
    return []


def submit_faults(period: Period, as_of: datetime, now: datetime) -> list[Fault]:
    """A half is submitted once it is over and has been told, by figures of a moment after that."""
    if not period.is_settled(now):
        settled = clock.local_date(period.bounds[1] + SETTLES_AFTER)
        return [Fault("report.not_settled", "", {"day": f"{settled:%Y-%m-%d}"})]
    return [] if period.is_settled(as_of) else [Fault("report.built_too_early")]


def self_check_faults(period: Period, checked_on: date, today: date, words: Mapping[str, str]) -> list[Fault]:
    """What is wrong with a self-check: its day, and what may not be written.

    It may be made up to the day on which it is entered, also after the half that it is about.
    """
    faults = []
    if not period.starts_on <= checked_on <= today:
        first = f"{period.starts_on:%Y-%m-%d}"
        faults.append(Fault("report.self_check_day", "/checked_on", {"first": first}))
    faults += [Fault("report.personal", f"/{name}") for name, said in words.items() if _PERSONAL.search(said)]
    return faults


def canonical(content: Mapping[str, Any]) -> str:
    """A document as it is stored: the same JSON for the same content, whoever writes it."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(content: str) -> str:
    """The SHA-256 of a stored document, by which anybody can tell whether it is the one that was reviewed."""
    return hashlib.sha256(content.encode()).hexdigest()


def withheld(samples: Mapping[Cell, int]) -> set[Cell]:
    """Which cells of a table are not told of but for their sample: those with fewer orders than suffice, and
    others of the table from which they could be reckoned.

    At each place the operators come to all of them together, and in each column the places come to a whole,
    which is told elsewhere where it suffices. What is hidden is not told by the rest of the
    table if it closes a ring with others that are; each ring is closed by those of the fewest orders. Cells
    with no order tell of nobody and stand.
    """
    hidden = {cell for cell, sample in samples.items() if sample and not suffices(sample)}
    wholes: Counter[Any] = Counter()
    for (column, _), sample in samples.items():
        wholes[column] += sample
    small_wholes = {(column, _WHOLE) for column, whole in wholes.items() if not suffices(whole)}
    usable = [*(cell for cell, sample in samples.items() if sample), *small_wholes]
    for cell in sorted(hidden, key=str):
        costs = {one: 0 if one in hidden | small_wholes else samples[one] for one in usable if one != cell}
        hidden |= _way(cell, costs) - small_wholes
    return hidden


def _way(cell: Cell, costs: Mapping[Cell, int]) -> set[Cell]:
    """The cells that lead from a cell's column to its place at the least cost; none where none do."""
    turn = count()
    queue: list[tuple[int, int, tuple[int, Any], tuple[Cell, ...]]] = [(0, next(turn), (0, cell[0]), ())]
    seen = set()
    while queue:
        cost, _, at, taken = heappop(queue)
        side, name = at
        if at == (1, cell[1]):
            return set(taken)
        if at in seen:
            continue
        seen.add(at)
        for one, more in costs.items():
            if one[side] == name:
                heappush(queue, (cost + more, next(turn), (1 - side, one[1 - side]), (*taken, one)))
    return set()
