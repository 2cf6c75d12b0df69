"""Parts of an order as texts say them, in zh and en, on the city's clocks."""

from datetime import datetime, time, timedelta

from tracker import clock
from tracker.promises.wording import MONTHS_EN

# What happened longer ago than this is history and tells nobody, unless asked to.
_NEWS = timedelta(hours=24)
_REMINDED_AT = time(18)


def is_news(happened_at: datetime, now: datetime) -> bool:
    """Whether customers still want to be told of it."""
    return happened_at > now - _NEWS


def day(at: datetime, language: str) -> str:
    """A day: "11月10日", "10 Nov"."""
    there = clock.local(at)
    return f"{there.day} {MONTHS_EN[there.month]}" if language == "en" else f"{there.month}月{there.day}日"


def slot(starts_at: datetime, ends_at: datetime, language: str) -> str:
    """A visit: "11月10日9-11时", "10 Nov 9:00-11:00"."""
    blank = " " if language == "en" else ""
    return f"{day(starts_at, language)}{blank}{hours(starts_at, ends_at, language)}"


def hours(starts_at: datetime, ends_at: datetime, language: str) -> str:
    """The hours of a visit: "9-11时", "9:00-11:00"."""
    first, last = clock.local(starts_at), clock.local(ends_at)
    if language == "en" or first.minute or last.minute:
        return f"{first.hour}:{first:%M}-{last.hour}:{last:%M}"
    return f"{first.hour}-{last.hour}时"


def evening_before(visit_at: datetime) -> datetime:
    """When a visit is reminded of: 18:00 of the day before."""
    day_before = clock.local_date(visit_at) - timedelta(days=1)
    return datetime.combine(day_before, _REMINDED_AT, clock.CITY_ZONE)


def installer(title: str | None, staff_number: str | None, language: str) -> str:
    """Who comes: "李师傅（工号0321）"; without a name, that it is one of ours."""
    if language == "en":
        return f"No. {staff_number}" if staff_number else "to be named"
    if title and staff_number:
        return f"{title}（工号{staff_number}）"
    return title or "将另行通知"
