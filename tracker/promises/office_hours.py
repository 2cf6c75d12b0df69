"""When an operator's own people are at work: pure decisions."""

from datetime import UTC, datetime, time

from tracker import clock
from tracker.promises.calendar import WorkingCalendar

# [ours] Staff are sent no text outside of these hours of a working day.
WORK_BEGINS, WORK_ENDS = time(8), time(18)


def in_working_hours(calendar: WorkingCalendar, now: datetime) -> bool:
    """Whether staff may be sent a text now."""
    there = clock.local(now)
    return WORK_BEGINS <= there.time() < WORK_ENDS and calendar.is_working(there.date())


def closing(now: datetime) -> datetime:
    """When working hours of the city's day end, or have ended."""
    return datetime.combine(clock.local(now).date(), WORK_ENDS, clock.CITY_ZONE).astimezone(UTC)


def next_opening(calendar: WorkingCalendar, now: datetime) -> datetime:
    """When staff may be sent a text next, from a moment at which they may not."""
    there = clock.local(now)
    is_before = there.time() < WORK_BEGINS and calendar.is_working(there.date())
    day = there.date() if is_before else calendar.next_working_day(there.date())
    return datetime.combine(day, WORK_BEGINS, clock.CITY_ZONE).astimezone(UTC)
