"""A promise day by day: which days were counted, skipped or held, from acceptance to the deadline."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from tracker.promises.calendar import WorkingCalendar
from tracker.promises.deadline import Deadline
from tracker.promises.rules import Unit


class Part(StrEnum):
    """What a day is to the promise."""

    ACCEPTANCE = "acceptance"  # never counted (民法典 201)
    POSTPONED = "postponed"  # stands for the day of acceptance, or lies before the one that does
    COUNTED = "counted"
    REST = "rest"
    HELD = "held"
    RUNNING = "running"  # of a limit in hours, or of a date given anew: time passes, no day is counted
    BEYOND = "beyond"  # after the deadline


@dataclass(frozen=True)
class DayPart:
    """One day. `ordinal` counts the counted ones from 1; `name` is the holiday of a rest day."""

    day: date
    part: Part
    ordinal: int | None
    make_up: bool
    name: str
    name_en: str


def day_by_day(
    deadline: Deadline, accepted_on: date, until: date, calendar: WorkingCalendar
) -> Iterator[DayPart]:
    """Each day from the acceptance to `until`, or to the deadline if that is later."""
    last = max(deadline.last_day, until)
    names = {
        span.first + timedelta(days=i): span
        for span in calendar.rest_spans(accepted_on, last)
        for i in range((span.last - span.first).days + 1)
    }
    ordinal = 0
    for offset in range((last - accepted_on).days + 1):
        day = accepted_on + timedelta(days=offset)
        part = _part(deadline, accepted_on, day, calendar)
        ordinal += part is Part.COUNTED
        rest = names.get(day)
        yield DayPart(
            day,
            part,
            ordinal if part is Part.COUNTED else None,
            rest is None and day.weekday() >= 5,
            rest.name if rest else "",
            rest.name_en if rest else "",
        )


def _part(deadline: Deadline, accepted_on: date, day: date, calendar: WorkingCalendar) -> Part:
    if day == accepted_on:
        return Part.ACCEPTANCE
    if day > deadline.last_day:
        return Part.BEYOND
    if any(held.first <= day <= held.last for held in deadline.held_days) and (
        deadline.rule.unit is not Unit.WORKING_DAYS or calendar.is_working(day)
    ):
        return Part.HELD
    if deadline.rule.unit is Unit.WORKING_DAYS and not calendar.is_working(day):
        return Part.REST
    if deadline.agreed or deadline.rule.unit is Unit.HOURS:
        return Part.RUNNING
    return Part.POSTPONED if day <= deadline.counted_from else Part.COUNTED
