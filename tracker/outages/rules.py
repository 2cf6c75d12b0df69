"""What an announced outage must keep to, and how it stands at a moment: pure decisions."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from tracker.problems import Fault
from tracker.templates.rules import unsuitable


class Kind(StrEnum):
    """Work that was planned (计划), or a fault (突发)."""

    PLANNED = "planned"
    EMERGENCY = "emergency"


class Standing(StrEnum):
    """How an outage stands at a moment."""

    COMING = "coming"
    UNDER_WAY = "under_way"
    OVERDUE = "overdue"  # an emergency whose expected end is past, and nobody has recorded its recovery
    ENDED = "ended"  # planned work whose window is over
    RESTORED = "restored"  # somebody recorded when service came back
    WITHDRAWN = "withdrawn"


OPEN = (Standing.COMING, Standing.UNDER_WAY, Standing.OVERDUE)
PRESENT = (Standing.UNDER_WAY, Standing.OVERDUE)

SERVICES = ("broadband", "dedicated_line", "iptv", "landline")

# [ours] Planned work is announced so long before it begins, and so does a change of its window or area.
LEAST_NOTICE = timedelta(hours=72)
# [ours] What takes longer is several outages, or no longer an outage but the end of a service.
LONGEST = timedelta(hours=72)
# [ours] Beyond this nobody knows the day of a work for sure.
FARTHEST = timedelta(days=90)
# [ours] A fault is announced while it matters; what is older belongs into a report.
OLDEST_FAULT = timedelta(hours=72)

_HANDLE_FAULTS = ("counter", "dispatcher")


class Outage(Protocol):
    """As much of an outage as its standing depends on."""

    @property
    def kind(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime | None: ...
    @property
    def withdrawn_at(self) -> datetime | None: ...
    @property
    def restored_at(self) -> datetime | None: ...


def standing_of(outage: Outage, now: datetime) -> Standing:
    """How it stands. A fault is over only once somebody says so; planned work is over with its window."""
    if outage.withdrawn_at is not None:
        return Standing.WITHDRAWN
    if outage.restored_at is not None:
        return Standing.RESTORED
    if now < outage.starts_at:
        return Standing.COMING
    if outage.ends_at is None or now < outage.ends_at:
        return Standing.UNDER_WAY
    return Standing.ENDED if outage.kind == Kind.PLANNED else Standing.OVERDUE


def may_handle(role: str, kind: str) -> bool:
    """Whether somebody of this role may announce and change outages of a kind, and record their recovery."""
    return role == "manager" or (role in _HANDLE_FAULTS and kind == Kind.EMERGENCY)


def window_faults(
    kind: str, starts_at: datetime, ends_at: datetime | None, now: datetime, *, begun: bool = False
) -> list[Fault]:
    """What is wrong with a window. `begun`: it had begun before, and its start is as it was."""
    faults = []
    if ends_at is None:
        if kind == Kind.PLANNED:
            faults.append(Fault("outage.end_required", "/ends_at"))
    elif ends_at <= starts_at:
        faults.append(Fault("outage.window", "/ends_at"))
    elif ends_at - starts_at > LONGEST:
        faults.append(Fault("outage.too_long", "/ends_at", {"hours": hours(LONGEST)}))
    elif begun and ends_at <= now:
        faults.append(Fault("outage.end_past", "/ends_at"))
    if begun:
        return faults
    if kind == Kind.EMERGENCY:
        if starts_at > now + LEAST_NOTICE:
            faults.append(Fault("outage.not_emergency", "/starts_at", {"hours": hours(LEAST_NOTICE)}))
        elif starts_at < now - OLDEST_FAULT:
            faults.append(Fault("outage.too_old", "/starts_at", {"hours": hours(OLDEST_FAULT)}))
    elif starts_at <= now:
        faults.append(Fault("outage.in_past", "/starts_at"))
    elif starts_at > now + FARTHEST:
        faults.append(Fault("outage.too_far", "/starts_at", {"days": FARTHEST.days}))
    return faults


def is_short_notice(kind: str, starts_at: datetime, now: datetime) -> bool:
    """Whether planned work would begin sooner than it may."""
    return kind == Kind.PLANNED and now < starts_at < now + LEAST_NOTICE


def text_faults(name: str, text: str) -> list[Fault]:
    """What of a text nobody may be shown or sent: as in texts, for it goes into one."""
    found = unsuitable(text)
    return [Fault("outage.words", f"/{name}", {"words": ", ".join(found)})] if found else []


def minutes_faults(minutes: int | None, starts_at: datetime, ends_at: datetime | None) -> list[Fault]:
    """Service cannot be away for longer than the window."""
    if minutes is None or ends_at is None or ends_at <= starts_at:
        return []
    beyond = timedelta(minutes=minutes) > ends_at - starts_at
    return [Fault("outage.beyond_window", "/minutes")] if beyond else []


def hours(length: timedelta) -> int:
    """Whole hours."""
    return int(length.total_seconds()) // 3600
