"""When tries are too many: pure decisions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# domain.md §9: the fifth wrong try locks an order for half an hour, whoever made them.
MOST_WRONG = 5
LOCKED_FOR = timedelta(minutes=30)


@dataclass(frozen=True)
class Count:
    """So many tries, counted until then."""

    number: int
    ends_at: datetime


@dataclass(frozen=True)
class TooOften:
    """Why a try is not let through, and until when: the order is locked, or else the address tried enough."""

    locked: bool
    until: datetime


def refusal(count: Count, quota: int, locked_until: datetime | None, now: datetime) -> TooOften | None:
    """What stands against a try that was the `count`th of its address; None where nothing does."""
    if count.number > quota:
        return TooOften(False, count.ends_at)
    if locked_until is not None and locked_until > now:
        return TooOften(True, locked_until)
    return None
