"""The agreed visit as a calendar file (RFC 5545), for the calendar of a phone."""

from datetime import datetime, timedelta

from icalendar import Alarm, Calendar, Event, vText

from tracker import clock

_PRODUCT = "-//Qingyuan broadband//Installation visits//ZH"
# Time enough to be at home.
_REMINDED_BEFORE = timedelta(hours=2)


def visit_file(
    *,
    number: str,
    version: int,
    starts_at: datetime,
    ends_at: datetime,
    summary: str,
    description: str,
    now: datetime,
) -> bytes:
    """A calendar with this one visit, in the city's time zone.

    A later file of the same order takes the place of an earlier one in a calendar: its UID is the same, and
    `version`, the order's, has grown.
    """
    event = Event()
    event.add("uid", f"{number}@visits.qingyuan-broadband")
    event.add("sequence", version)
    event.add("dtstamp", now)
    event.add("dtstart", clock.local(starts_at))
    event.add("dtend", clock.local(ends_at))
    event.add("summary", summary)
    event.add("description", description)
    event.add("status", "CONFIRMED")
    reminder = Alarm()
    reminder.add("action", "DISPLAY")
    reminder.add("description", vText(summary))
    reminder.add("trigger", -_REMINDED_BEFORE)
    event.add_component(reminder)
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    calendar.add_missing_timezones(first_date=clock.local_date(now))
    return calendar.to_ical()
