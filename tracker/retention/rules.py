"""For how long personal data is kept, and what keeps it longer: pure decisions.

[law] 个人信息保护法 19, 网络安全法: identity data during the service and for two years after its end, unless
the setting says otherwise.
"""

from datetime import datetime, time, timedelta
from enum import StrEnum

from tracker import clock

# [ours] Slots that nobody booked tell nothing after a quarter of a year.
SLOTS_KEPT = timedelta(days=90)

# [ours] The hours in which hardly anybody orders, looks up or works.
NIGHT_BEGINS, NIGHT_ENDS = time(1), time(5)
# Once a night is enough; what was forgotten in the evening by hand counts.
AGAIN_AFTER = timedelta(hours=12)


class Keeps(StrEnum):
    """What keeps the personal data of an order that ended long ago."""

    SUBSCRIPTION = "subscription"  # the service goes on that it began, or ended not long ago
    COMPLAINT = "complaint"  # one about it is open
    TEXT = "text"  # one of it has come to no end: somebody has to look why


def ended_before(now: datetime, years: int) -> datetime:
    """What ended before this instant has been kept for so many years; 29 February counts as the 28th."""
    try:
        return now.replace(year=now.year - years)
    except ValueError:
        return now.replace(year=now.year - years, day=28)


def is_night(now: datetime) -> bool:
    """Whether it is an hour for work that nobody waits for."""
    return NIGHT_BEGINS <= clock.local(now).time() < NIGHT_ENDS
