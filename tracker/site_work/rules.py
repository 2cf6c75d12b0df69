"""What an installer may record at the customer, what a line test must show, and whose clock counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from tracker.orders.rules import Stage, open_moves

# A job's photos, each no larger than this when it arrives, and no larger than that as it is kept.
MOST_PHOTOS = 6
LARGEST_UPLOAD = 8_000_000
LARGEST_KEPT = 500_000
LONGEST_SIDE = 1600

# What a phone may send at once.
MOST_ACTIONS = 50


class Act(StrEnum):
    """What an installer does with a job, as forms and phones name it."""

    TAKE = "take"  # 接单
    ARRIVE = "arrive"  # 到达现场
    REAPPOINT = "reappoint"  # 改约
    CANNOT = "cannot"  # 无法施工
    TEST = "test"  # 线路测试
    PHOTO = "photo"  # 拍照
    ACTIVATE = "activate"  # 装通
    COMPLETE = "complete"  # 竣工


class PhotoKind(StrEnum):
    """What a photo shows."""

    LINE_TEST = "line_test"
    SITE = "site"
    EQUIPMENT = "equipment"


class Outcome(StrEnum):
    """What became of an action: done, refused, or kept back because one before it was refused."""

    OK = "ok"
    REFUSED = "refused"
    HELD = "held"


# The steps that bring an order to another stage, and to which.
MOVES_TO = {
    Act.ARRIVE: Stage.ON_SITE,
    Act.CANNOT: Stage.DISPATCHED,
    Act.ACTIVATE: Stage.ACTIVATED,
    Act.COMPLETE: Stage.COMPLETED,
}
AT_WORK = frozenset({Stage.ON_SITE, Stage.ACTIVATED})
# What waits until an order's hold is over or lifted.
NOT_ON_HOLD = frozenset({Act.TAKE, Act.ARRIVE})
# An installer's own: from when somebody is to come until the customer confirmed.
STAGES_OF_JOBS = (Stage.DISPATCHED, Stage.APPOINTED, Stage.ON_SITE, Stage.ACTIVATED)


def open_acts(stage: Stage) -> tuple[Act, ...]:
    """What an installer can do with a job of his at this stage, the next step first."""
    moves = open_moves(stage)
    acts = [act for act in (Act.COMPLETE, Act.ACTIVATE, Act.ARRIVE) if MOVES_TO[act] in moves]
    if stage is Stage.ON_SITE:
        acts.append(Act.TEST)
    if stage in AT_WORK:
        acts.append(Act.PHOTO)
    if stage in (Stage.DISPATCHED, Stage.APPOINTED) or Stage.APPOINTED in moves:
        acts.append(Act.REAPPOINT)
    if Stage.DISPATCHED in moves and stage in STAGES_OF_JOBS:
        acts.append(Act.CANNOT)
    return tuple(acts)


@dataclass(frozen=True)
class Range:
    """What a meter can show, ends included; with how many decimals it is kept."""

    least: float
    most: float
    decimals: int


# Wider than any line is, narrow enough that a slip of a digit or a missing sign is noticed [ours].
RANGES = {
    "down_mbps": Range(0, 20_000, 1),
    "up_mbps": Range(0, 20_000, 1),
    "latency_ms": Range(0, 5_000, 1),
    "optical_dbm": Range(-50, 10, 2),
}

# Of what was sold, as much must arrive [ours]; received optical power within a class B+ receiver's limits.
ENOUGH = 0.9
OPTICAL_WEAKEST, OPTICAL_STRONGEST = -27.0, -8.0


def warnings_of(down_mbps: float, optical_dbm: float, sold_mbps: int | None) -> list[str]:
    """What is amiss with a line that was tested: "slow", "weak", "strong". None of it forbids to go on."""
    warnings = []
    if sold_mbps is not None and down_mbps < sold_mbps * ENOUGH:
        warnings.append("slow")
    if optical_dbm < OPTICAL_WEAKEST:
        warnings.append("weak")
    if optical_dbm > OPTICAL_STRONGEST:
        warnings.append("strong")
    return warnings


# No order is older; a length beyond it is a clock's that was never set.
_LONGEST_AGO = timedelta(days=3650)


def told(done_at: datetime, phone_now: datetime, now: datetime) -> datetime:
    """When something was done by what a phone says of it, with our clock in the place of the phone's."""
    ago = phone_now - done_at
    return now - max(min(ago, _LONGEST_AGO), -_LONGEST_AGO)


@dataclass(frozen=True)
class Counted:
    """When an action counts as done, and whether that differs from what the phone's clock said."""

    at: datetime
    moved: bool


def counted(done_at: datetime, phone_now: datetime, now: datetime, last_stage_at: datetime) -> Counted:
    """When something was done, by our clock.

    A phone's clock may be wrong, by the same length when the action was done and when it was sent: so what
    counts is how long before the sending it was done. It was not done in the future, nor before the order
    came to its stage; where the phone says so, the nearest moment counts, and the record says that it was
    moved (invariant I7).
    """
    by_phone = told(done_at, phone_now, now)
    at = max(min(by_phone, now), last_stage_at)
    return Counted(at, at != by_phone)


# Events that change what an installer found when he was shown the job; money and dates do not.
DISTURBING = frozenset({"stage", "appointment", "hold", "resume", "assigned", "contact"})


def disturbed(kinds: Iterable[str]) -> bool:
    """Whether what happened to an order since it was shown makes a step of an installer stale."""
    return not DISTURBING.isdisjoint(kinds)


def shows_address(stage: Stage, visit_on: date | None, today: date) -> bool:
    """Whether the installer needs the whole address now: on the day of the visit, and while at work."""
    if stage in AT_WORK:
        return True
    return stage in STAGES_OF_JOBS and visit_on is not None and visit_on <= today


def coarse(degrees: float) -> float:
    """A position rounded to about 100 metres, which tells the estate and not the door."""
    return round(degrees, 3)
