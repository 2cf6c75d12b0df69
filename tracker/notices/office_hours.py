"""The calendar by which an operator's own staff work."""

from datetime import datetime

from tracker.promises.calendar import WorkingCalendar
from tracker.promises.office_hours import in_working_hours
from tracker.reference import Reference

# What one county has set for itself does not close an office that works for all of them.
_NO_COUNTY = ""


def office_calendar(reference: Reference, operator_id: int) -> WorkingCalendar | None:
    """The city's days, and the operator's own; None while no calendar was imported."""
    calendars = reference.calendars
    return None if calendars is None else calendars.of(operator_id, _NO_COUNTY)


def is_at_work(reference: Reference, operator_id: int, now: datetime) -> bool:
    """Whether staff of the operator may be sent a text now."""
    calendar = office_calendar(reference, operator_id)
    return calendar is not None and in_working_hours(calendar, now)


def resting(reference: Reference, now: datetime) -> list[int]:
    """The operators whose staff may be sent no text now."""
    return [one for one in reference.operators if not is_at_work(reference, one, now)]
