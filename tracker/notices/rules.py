"""Pure decisions about notices: states, queues, length of a text, when it may be sent."""

from datetime import datetime, time, timedelta
from enum import StrEnum

from tracker import clock


class State(StrEnum):
    """How far a notice has come. Only `CREATED` is ever sent."""

    CREATED = "created"
    SENDING = "sending"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    CALL = "call"  # a person must call: refused, no attempts left, never settled or never confirmed
    UNDELIVERED = "undelivered"  # the provider could not deliver it: a person must call
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class Why(StrEnum):
    """Why a person is asked to call."""

    LANDLINE = "landline"  # no text can reach the number
    REFUSED = "refused"  # by the provider, for the number's or the text's sake
    UNDELIVERED = "undelivered"  # accepted, and not delivered
    EXHAUSTED = "exhausted"  # no attempts left
    UNKNOWN = "unknown"  # the provider cannot tell whether it has the text
    UNCONFIRMED = "unconfirmed"  # must surely arrive, and nobody says that it did


# By urgency: codes and "on the way"; progress of orders; tariff warnings.
QUEUES = ("urgent", "progress", "bulk")

# SMS lengths are counted in UTF-16 units: one part holds 70, each of several holds 67, because
# every one then carries a header that ties it to the others (GSM 03.40, UCS-2).
_SINGLE_PART = 70
_JOINED_PART = 67

WINDOW_OPENS = time(8)
WINDOW_CLOSES = time(21)

MAX_ATTEMPTS = 6


def units(text: str) -> int:
    """UTF-16 units of a text: a character outside the basic plane counts two."""
    return len(text.encode("utf-16-le")) // 2


def parts(text: str) -> int:
    """Number of SMS parts that a Chinese text is billed as; 0 for an empty one."""
    length = units(text)
    if length <= _SINGLE_PART:
        return int(length > 0)
    return -(-length // _JOINED_PART)


def send_from(wanted_at: datetime, *, any_hour: bool) -> datetime:
    """The first instant at or after `wanted_at` at which the text may leave.

    Texts leave between 08:00 and 21:00 of the city, except those that answer what the customer
    has just done, or that would be useless later (`any_hour`).
    """
    there = clock.local(wanted_at)
    if any_hour or WINDOW_OPENS <= there.time() < WINDOW_CLOSES:
        return wanted_at
    day = there.date() if there.time() < WINDOW_OPENS else there.date() + timedelta(days=1)
    return datetime.combine(day, WINDOW_OPENS, clock.CITY_ZONE).astimezone(wanted_at.tzinfo)


def retry_delay(attempts: int, chance: float) -> timedelta:
    """How long to wait after the given number of attempts: 15 s doubling to 30 min, spread by
    `chance` (0 to 1) over half of it, so that a crowd of failures does not come back as one."""
    base = min(15.0 * 2 ** max(attempts - 1, 0), 1800.0)
    return timedelta(seconds=base * (0.75 + chance / 2))
