"""Which promise rule applies, and the deadline it gives."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from tracker import clock
from tracker.promises.calendar import RestSpan, WorkingCalendar

ANY = "any"


class Unit(StrEnum):
    """What a limit is counted in."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"


@dataclass(frozen=True)
class Rule:
    """A published limit. Times are of the city; `valid_to` is the last day or None for open.

    `end_of_day` is when the last day ends (close of business, 民法典 203); None means 24:00.
    With `late_counts_as_next_day`, what comes in after `cut_off` or on a rest day counts as
    accepted on the next working day.
    """

    id: int
    version: int
    customer_kind: str
    product: str
    area: str
    resource: str
    amount: int
    unit: Unit
    cut_off: time | None
    end_of_day: time | None
    late_counts_as_next_day: bool
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Deadline:
    """A promised instant and what it was counted from.

    `counted_from` is the day of acceptance, which is not counted; `postponed` says that a later day
    than the real one stands for it. `skipped` and `make_up` are the days off and
    the worked weekend days between it and the deadline, both empty for a limit in hours.
    """

    at: datetime
    provisional: bool
    rule: Rule
    counted_from: date
    last_day: date
    postponed: bool = False
    skipped: tuple[RestSpan, ...] = ()
    make_up: tuple[date, ...] = ()


class NoRuleError(LookupError):
    """No promise rule covers such an order."""


def choose(
    rules: Iterable[Rule], *, customer_kind: str, product: str, area: str, resource: str, on: date
) -> Rule:
    """The most specific rule in force on the day of acceptance. Raises NoRuleError.

    A rule that names the product, the resource or the area comes before one that says "any",
    in that order of weight; of two equally specific ones the later published wins.
    """

    def fits(rule: Rule) -> bool:
        return (
            rule.customer_kind == customer_kind
            and rule.product in (product, ANY)
            and rule.area in (area, ANY)
            and rule.resource in (resource, ANY)
            and rule.valid_from <= on
            and (rule.valid_to is None or on <= rule.valid_to)
        )

    def weight(rule: Rule) -> tuple[bool, bool, bool, date]:
        return (rule.product != ANY, rule.resource != ANY, rule.area != ANY, rule.valid_from)

    fitting = [rule for rule in rules if fits(rule)]
    if not fitting:
        raise NoRuleError(f"no promise rule for {customer_kind}, {product}, {area}, {resource} on {on}")
    return max(fitting, key=weight)


def deadline(rule: Rule, accepted_at: datetime, calendar: WorkingCalendar) -> Deadline:
    """The promised deadline of an order accepted at `accepted_at` (aware).

    Hours run from the moment of acceptance, rest days included (民法典 201 second paragraph). Days
    are counted from the day after it (201) to the end of the last one (203).
    """
    there = clock.local(accepted_at)
    accepted_on = there.date()
    if rule.unit is Unit.HOURS:
        at = accepted_at + timedelta(hours=rule.amount)
        return Deadline(at, False, rule, accepted_on, clock.local_date(at))
    start = accepted_on
    if rule.late_counts_as_next_day and (
        not calendar.is_working(accepted_on) or (rule.cut_off is not None and there.time() > rule.cut_off)
    ):
        start = calendar.next_working_day(accepted_on)
    if rule.unit is Unit.CALENDAR_DAYS:
        last = start + timedelta(days=rule.amount)
        return Deadline(_end_of(last, rule), False, rule, start, last, start > accepted_on)
    last = calendar.add_working_days(start, rule.amount)
    first = accepted_on + timedelta(days=1)
    return Deadline(
        _end_of(last, rule),
        calendar.is_provisional(last),
        rule,
        start,
        last,
        start > accepted_on,
        tuple(calendar.rest_spans(first, last)),
        tuple(calendar.make_up_days(first, last)),
    )


def _end_of(day: date, rule: Rule) -> datetime:
    """The end of business of the day, or its 24:00, as an instant in UTC."""
    if rule.end_of_day is None:
        there = datetime.combine(day + timedelta(days=1), time(0), clock.CITY_ZONE)
    else:
        there = datetime.combine(day, rule.end_of_day, clock.CITY_ZONE)
    return there.astimezone(UTC)
