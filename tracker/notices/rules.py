"""Pure decisions about notices: states, queues, when a text may be sent."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum

from tracker import clock
from tracker.templates.length import parts, units

# Others look for the lengths of texts here.
__all__ = ["parts", "units"]


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
    WISH = "wish"  # the customer wants to be called, or wants no texts
    REPEATED = "repeated"  # the same text was sent as often as it may be, and it must arrive
    REFUSED = "refused"  # by the provider, for the number's or the text's sake
    UNDELIVERED = "undelivered"  # accepted, and not delivered
    EXHAUSTED = "exhausted"  # no attempts left
    UNKNOWN = "unknown"  # the provider cannot tell whether it has the text
    UNCONFIRMED = "unconfirmed"  # must surely arrive, and nobody says that it did
    ASKED = "asked"  # a manager wants it told by a person


# By urgency: codes and "on the way"; progress of orders; tariff warnings.
QUEUES = ("urgent", "progress", "bulk")

WINDOW_OPENS = time(8)
WINDOW_CLOSES = time(21)

MAX_ATTEMPTS = 6

# A one-time code; a text that was not sent within this time is not sent any more.
CODE_VALID = timedelta(minutes=10)

# Texts of one kind that somebody asks for, to one phone: whoever asks may be a stranger.
MOST_ASKED_FOR = ((timedelta(minutes=1), 1), (timedelta(hours=1), 5), (timedelta(days=1), 10))

# The same text to the same number: more than this is taken for a fault of ours, and by carriers for spam.
IDENTICAL_LIMIT = 3
IDENTICAL_WITHIN = timedelta(hours=24)


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


def in_window(now: datetime) -> bool:
    """Whether texts that keep to hours may leave now."""
    return send_from(now, any_hour=False) == now


def retry_delay(attempts: int, chance: float) -> timedelta:
    """How long to wait after the given number of attempts: 15 s doubling to 30 min, spread by
    `chance` (0 to 1) over half of it, so that a crowd of failures does not come back as one."""
    base = min(15.0 * 2 ** max(attempts - 1, 0), 1800.0)
    return timedelta(seconds=base * (0.75 + chance / 2))


def next_asked_at(sent: Sequence[datetime], now: datetime) -> datetime | None:
    """When a phone that was sent texts for the asking at these times may be sent the next; None for at once.

    `sent` must reach back to the longest stretch of MOST_ASKED_FOR.
    """
    free_at = [
        sorted(within, reverse=True)[most - 1] + stretch
        for stretch, most in MOST_ASKED_FOR
        if len(within := [at for at in sent if at > now - stretch]) >= most
    ]
    return max(free_at, default=None)
