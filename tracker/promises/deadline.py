"""The promised deadline: a pure function of rule, acceptance, calendar and holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tracker import clock
from tracker.promises.calendar import RestSpan, WorkingCalendar
from tracker.promises.holds import HeldDays, Hold, push_day, push_instant
from tracker.promises.rules import Rule, Unit

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Deadline:
    """A promised instant and what it was counted from.

    `counted_from` is the day of acceptance, which is not counted; `postponed` says that a later day
    than the real one stands for it. `skipped` and `make_up` are the days off and
    the worked weekend days counted between it and the deadline, both empty for a limit in hours.
    `held_days` are the days that holds gave back, `held` the time that they gave back to a limit in
    hours. `agreed`: the date was given anew to the customer and not counted from the rule.
    """

    at: datetime
    provisional: bool
    rule: Rule
    counted_from: date
    last_day: date
    postponed: bool = False
    skipped: tuple[RestSpan, ...] = ()
    make_up: tuple[date, ...] = ()
    held_days: tuple[HeldDays, ...] = ()
    held: timedelta = timedelta(0)
    agreed: bool = False


def deadline(
    rule: Rule, accepted_at: datetime, calendar: WorkingCalendar, holds: Sequence[Hold] = ()
) -> Deadline:
    """The promised deadline of an order accepted at `accepted_at` (aware).

    Hours run from the moment of acceptance, rest days included (民法典 201 second paragraph). Days
    are counted from the day after it (201) to the end of the last one (203).
    """
    there = clock.local(accepted_at)
    accepted_on = there.date()
    if rule.unit is Unit.HOURS:
        at, held = accepted_at + timedelta(hours=rule.amount), timedelta(0)
        if holds:
            at, held = push_instant(accepted_at, at, holds)
        return Deadline(at, False, rule, accepted_on, clock.local_date(at), held=held)
    start = accepted_on
    if rule.late_counts_as_next_day and (
        not calendar.is_working(accepted_on) or (rule.cut_off is not None and there.time() > rule.cut_off)
    ):
        start = calendar.next_working_day(accepted_on)
    if rule.unit is Unit.CALENDAR_DAYS:
        last = start + timedelta(days=rule.amount)
    else:
        last = calendar.add_working_days(start, rule.amount)
    held_days: tuple[HeldDays, ...] = ()
    if holds:
        last, held_days = _push(rule, start, last, calendar, holds)
    if rule.unit is Unit.CALENDAR_DAYS:
        # Only where a late acceptance counts as the next working day's does the calendar matter.
        unsettled = rule.late_counts_as_next_day and calendar.is_provisional(start)
        return Deadline(
            _end_of(last, rule.end_of_day),
            unsettled,
            rule,
            start,
            last,
            start > accepted_on,
            held_days=held_days,
        )
    first = accepted_on + _DAY
    return Deadline(
        _end_of(last, rule.end_of_day),
        calendar.is_provisional(last),
        rule,
        start,
        last,
        start > accepted_on,
        tuple(calendar.rest_spans(first, last)),
        tuple(
            day
            for day in calendar.make_up_days(start + _DAY, last)
            if not any(held.first <= day <= held.last for held in held_days)
        ),
        held_days,
    )


def agreed_deadline(
    rule: Rule, agreed_at: datetime, at: datetime, calendar: WorkingCalendar, holds: Sequence[Hold] = ()
) -> Deadline:
    """A date given anew at `agreed_at`, put off by holds in the unit of the rule.

    Only holds that came up after the date was given belong here: it took account of earlier ones.
    """
    start = clock.local_date(agreed_at)
    if rule.unit is Unit.HOURS:
        at, held = push_instant(agreed_at, at, holds)
        return Deadline(at, False, rule, start, clock.local_date(at), held=held, agreed=True)
    there = clock.local(at)
    # Midnight is the 24:00 of the day that ends.
    at_midnight = there.time() == time(0)
    before = there.date() - _DAY if at_midnight else there.date()
    last, held_days = _push(rule, start, before, calendar, holds)
    provisional = last > before and rule.unit is Unit.WORKING_DAYS and calendar.is_provisional(last)
    at = _end_of(last, None if at_midnight else there.time())
    return Deadline(at, provisional, rule, start, last, held_days=held_days, agreed=True)


def _push(
    rule: Rule, start: date, last: date, calendar: WorkingCalendar, holds: Sequence[Hold]
) -> tuple[date, tuple[HeldDays, ...]]:
    if rule.unit is Unit.CALENDAR_DAYS:
        return push_day(
            start, last, holds, lambda a, b: (b - a).days + 1, lambda day, n: day + timedelta(days=n)
        )
    return push_day(start, last, holds, calendar.count_working_days, calendar.add_working_days)


def _end_of(day: date, at: time | None) -> datetime:
    """That time of the day, or its 24:00 for None, as an instant in UTC."""
    if at is None:
        there = datetime.combine(day + _DAY, time(0), clock.CITY_ZONE)
    else:
        there = datetime.combine(day, at, clock.CITY_ZONE)
    return there.astimezone(UTC)
