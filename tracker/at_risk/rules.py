"""Why an order is at risk, when it is brought before whom (督办), and when staff are told: pure decisions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import IntEnum, StrEnum
from math import ceil

from tracker import clock
from tracker.problems import Fault
from tracker.promises.calendar import WorkingCalendar
from tracker.promises.office_hours import WORK_BEGINS, WORK_ENDS, closing, in_working_hours, next_opening


class Risk(StrEnum):
    """Why an open order may break its promise, the gravest first."""

    OVERDUE = "overdue"  # it has broken it
    VISIT_LATE = "visit_late"  # the visit that was agreed does not end before the deadline
    NO_SLOT = "no_slot"  # no visit is agreed, and no place is free before the deadline
    UNREACHABLE = "unreachable"  # somebody has to call the customer, and nobody has got through
    DUE = "due"  # the deadline is near, and nobody is on site
    NO_TEAM = "no_team"  # the deadline is near, and nobody has it to do
    BUILDING = "building"  # a line must be built first
    CHECK = "check"  # nobody knows yet whether a line is there


# Of two orders that are due at the same moment the one with the graver risk comes first.
GRAVITY = tuple(Risk)


class Level(IntEnum):
    """Before whom an order is brought."""

    DISPATCHERS = 1  # its deadline is near, and nobody is on site
    MANAGERS = 2  # it is overdue
    EVERY_MANAGER = 3  # it has been for days: it is marked 督办


@dataclass(frozen=True)
class Rules:
    """What an operator holds for a risk, and its steps of escalation; the values here are [ours].

    `due_hours`, `team_hours`, `waiting_hours`: so long before the deadline nobody on site, nobody who has it
    to do, and a line to be checked or built are risks. Escalation: `warn_hours` before the deadline,
    `late_hours` after it, `chase_days` after it; None leaves the step out. `digest_at`: when managers get a
    text, on the city's clocks, in order; none: never.
    """

    due_hours: int = 24
    team_hours: int = 24
    waiting_hours: int = 36
    warn_hours: int | None = 12
    late_hours: int | None = 0
    chase_days: int | None = 2
    digest_at: tuple[time, ...] = (time(9), time(15))


# [ours] What comes up within so long is one text for each step.
TEXTS_APART = timedelta(minutes=30)
# [ours] An area in which no slot has been opened for so long agrees its visits without slots.
SLOTS_LOOKED_BACK = timedelta(days=7)
MOST_DIGESTS = 4
MOST_HOURS = 240
MOST_DAYS = 60
# [ours] What breaks before the next morning's opening is told from so long before closing.
EVENING = timedelta(hours=2)
# A stretch out of office that is longer holds a day off.
_A_DAY = timedelta(days=1)
# [ours] A text names the gravest risks alone.
RISKS_TOLD = 4


def faults_of(rules: Rules) -> list[Fault]:
    """Everything that is wrong with them, each at its field."""
    faults = []
    hours = {name: getattr(rules, name) for name in ("due_hours", "team_hours", "waiting_hours")}
    hours |= {"warn_hours": rules.warn_hours}
    for name, value in hours.items():
        if value is not None and not 1 <= value <= MOST_HOURS:
            faults.append(Fault("risk.hours", f"/{name}", {"first": 1, "last": MOST_HOURS}))
    if rules.late_hours is not None and not 0 <= rules.late_hours <= MOST_HOURS:
        faults.append(Fault("risk.hours", "/late_hours", {"first": 0, "last": MOST_HOURS}))
    if rules.chase_days is not None:
        if not 1 <= rules.chase_days <= MOST_DAYS:
            faults.append(Fault("risk.days", "/chase_days", {"last": MOST_DAYS}))
        elif rules.late_hours is not None and rules.chase_days * 24 <= rules.late_hours <= MOST_HOURS:
            faults.append(Fault("risk.steps_in_order", "/chase_days"))
    return faults + _faults_of_times(rules.digest_at)


def _faults_of_times(times: Sequence[time]) -> list[Fault]:
    faults = []
    if len(times) > MOST_DIGESTS:
        faults.append(Fault("risk.too_many_times", "/digest_at", {"limit": MOST_DIGESTS}))
    if any(not WORK_BEGINS <= at < WORK_ENDS for at in times):
        faults.append(Fault("risk.outside_work", "/digest_at", {"begins": "08:00", "ends": "18:00"}))
    return faults


def level_of(deadline: datetime, is_on_site: bool, rules: Rules, now: datetime) -> Level | None:
    """The highest step that an order which is not connected has come to; None before the first."""
    past = now - deadline
    if rules.chase_days is not None and past > timedelta(days=rules.chase_days):
        return Level.EVERY_MANAGER
    if rules.late_hours is not None and past > timedelta(hours=rules.late_hours):
        return Level.MANAGERS
    if rules.warn_hours is None or is_on_site or past < -timedelta(hours=rules.warn_hours):
        return None
    return Level.DISPATCHERS


def told_ahead(rules: Rules, calendar: WorkingCalendar | None, now: datetime) -> Rules:
    """The rules as staff are told by them now: what would come up while nobody may be told comes up before
    the office closes.

    On a day before days off the first step reaches to the next opening and its own hours after that; in the
    evening before a working day it reaches to the opening. Out of office it has its own hours alone. What
    the step reaches is near (`due_hours`) too. In whole hours, rounded up.
    """
    if calendar is None or not in_working_hours(calendar, now):
        return rules
    closes = closing(now)
    opens = next_opening(calendar, closes)
    if opens - closes > _A_DAY:
        opens += timedelta(hours=rules.warn_hours or 0)
    elif closes - now > EVENING:
        return rules
    ahead = ceil((opens - now) / timedelta(hours=1))
    warn = None if rules.warn_hours is None else max(rules.warn_hours, ahead)
    return replace(rules, warn_hours=warn, due_hours=max(rules.due_hours, ahead))


def digest_due(calendar: WorkingCalendar, times: Sequence[time], now: datetime) -> datetime | None:
    """The time of today's digests that has come last, if staff may be sent a text now.

    One that was missed is made good until working hours end or the next one comes, and never after that.
    """
    if not in_working_hours(calendar, now):
        return None
    there = clock.local(now)
    come = max((at for at in times if at <= there.time()), default=None)
    return None if come is None else datetime.combine(there.date(), come, clock.CITY_ZONE).astimezone(UTC)
