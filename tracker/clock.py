"""The only place that asks for the time (invariant I4).

Stored and exchanged instants are aware UTC. Decisions about days are made on dates of the
city's own zone, Asia/Shanghai.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

CITY_ZONE = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def local(instant: datetime) -> datetime:
    """The same instant on the city's clocks. Raises ValueError for a naive datetime."""
    if instant.tzinfo is None:
        raise ValueError("a datetime without a zone has no place in the calendar")
    return instant.astimezone(CITY_ZONE)


def local_date(instant: datetime) -> date:
    """The calendar day of the city in which the instant falls."""
    return local(instant).date()


def today() -> date:
    """Today's date in the city."""
    return local_date(now())


def soon(at: datetime, now: datetime) -> str:
    """From when on it is past `at`, for people: "09:32", or "11-27 09:32" on another day than `now`'s."""
    minute = local(at + timedelta(seconds=59)).replace(second=0, microsecond=0)
    return f"{minute:%H:%M}" if minute.date() == local_date(now) else f"{minute:%m-%d %H:%M}"
