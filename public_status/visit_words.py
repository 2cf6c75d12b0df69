"""A visit in people's words, on the city's clocks."""

from datetime import date, datetime, time

from tracker import clock
from tracker.pages import wording

# From this time of day on, and what the part of the day is called.
_PARTS = ((time(0), "凌晨"), (time(6), "上午"), (time(11), "中午"), (time(13), "下午"), (time(18), "晚上"))


def visit(starts_at: datetime, ends_at: datetime, language: str, today: date) -> str:
    """A visit: "11月12日（周四）上午9–11时", "Thursday 12 November, 09:00–11:00"."""
    on = wording.day(clock.local_date(starts_at), language, today)
    return f"{on}{', ' if language == 'en' else ''}{hours(starts_at, ends_at, language)}"


def hours(starts_at: datetime, ends_at: datetime, language: str) -> str:
    """Its hours: "上午9–11时", "上午9:30–11:00", "09:00–11:00"."""
    first, last = clock.local(starts_at), clock.local(ends_at)
    if language == "en":
        return f"{first:%H:%M}–{last:%H:%M}"
    part = next(word for since, word in reversed(_PARTS) if since <= first.time())
    if first.minute or last.minute:
        return f"{part}{first.hour}:{first:%M}–{last.hour}:{last:%M}"
    return f"{part}{first.hour}–{last.hour or 24}时"


def installer(title: str | None, staff_number: str | None, language: str) -> str:
    """Who comes: "李师傅（工号0321）", "installer no. 0321"; empty where that is not known yet."""
    if language == "en":
        return f"installer no. {staff_number}" if staff_number else ""
    number = f"工号{staff_number}" if staff_number else ""
    return f"{title}（{number}）" if title and number else title or number
