"""Stages of an order, the legal moves between them, and the reasons that may be given."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Stage(StrEnum):
    """Where an order stands, in the order a smooth one passes through."""

    ACCEPTED = "accepted"  # 已受理
    VERIFIED = "verified"  # 实名核验通过
    RESOURCE_CHECKED = "resource_checked"  # 资源已核查
    DISPATCHED = "dispatched"  # 已派单
    APPOINTED = "appointed"  # 已预约
    ON_SITE = "on_site"  # 上门施工
    ACTIVATED = "activated"  # 已装通
    COMPLETED = "completed"  # 已竣工
    WITHDRAWN = "withdrawn"  # 已撤单
    RETURNED = "returned"  # 已退单


PATH = (
    Stage.ACCEPTED,
    Stage.VERIFIED,
    Stage.RESOURCE_CHECKED,
    Stage.DISPATCHED,
    Stage.APPOINTED,
    Stage.ON_SITE,
    Stage.ACTIVATED,
    Stage.COMPLETED,
)

CLOSED = frozenset({Stage.COMPLETED, Stage.WITHDRAWN, Stage.RETURNED})

# A customer withdraws before work begins; an order is returned while it has not been activated.
# Backwards: another installer (改派), or a visit that needs a second appointment.
MOVES: dict[Stage, tuple[Stage, ...]] = {
    Stage.ACCEPTED: (Stage.VERIFIED, Stage.WITHDRAWN, Stage.RETURNED),
    Stage.VERIFIED: (Stage.RESOURCE_CHECKED, Stage.WITHDRAWN, Stage.RETURNED),
    Stage.RESOURCE_CHECKED: (Stage.DISPATCHED, Stage.WITHDRAWN, Stage.RETURNED),
    Stage.DISPATCHED: (Stage.APPOINTED, Stage.WITHDRAWN, Stage.RETURNED),
    Stage.APPOINTED: (Stage.ON_SITE, Stage.DISPATCHED, Stage.WITHDRAWN, Stage.RETURNED),
    Stage.ON_SITE: (Stage.ACTIVATED, Stage.APPOINTED, Stage.DISPATCHED, Stage.RETURNED),
    Stage.ACTIVATED: (Stage.COMPLETED,),
    Stage.COMPLETED: (),
    Stage.WITHDRAWN: (),
    Stage.RETURNED: (),
}

# A caller's clock may be this much ahead of ours.
CLOCK_SKEW = timedelta(minutes=5)

NEEDS_REASON = frozenset({Stage.RETURNED})
NEEDS_APPOINTMENT = frozenset({Stage.APPOINTED})
# Where a visit can be agreed or changed: somebody is to come, and has not come yet.
TAKES_APPOINTMENT = frozenset({Stage.DISPATCHED, Stage.APPOINTED})

# Where somebody can be told to install it: from the day it may be dispatched until it works.
TAKES_INSTALLERS = frozenset({Stage.RESOURCE_CHECKED, Stage.DISPATCHED, Stage.APPOINTED, Stage.ON_SITE})
# What is open and not connected yet: the work of installers, at hand or to come.
TO_INSTALL = PATH[: PATH.index(Stage.ACTIVATED)]
# [ours] So long an assignment can be undone; until then no customer is told of another installer.
ASSIGNMENT_UNDONE_WITHIN = timedelta(minutes=10)
MOST_ASSIGNED_AT_ONCE = 200


class Cause(StrEnum):
    """Whose doing a reason is; figures split by it."""

    CUSTOMER = "customer"
    FRONT_OFFICE = "front_office"
    NETWORK = "network"
    CONSTRUCTION = "construction"
    THIRD_PARTY = "third_party"
    FORCE_MAJEURE = "force_majeure"
    OTHER = "other"


@dataclass(frozen=True)
class Reason:
    """A reason code with its cause and its words in Chinese and English."""

    code: str
    cause: Cause
    zh: str
    en: str


REASONS = {
    reason.code: reason
    for reason in (
        Reason("estate_unfinished", Cause.CONSTRUCTION, "小区工程未竣工", "the estate is still being built"),
        Reason("line_missing", Cause.CONSTRUCTION, "线路没到", "no line reaches the address yet"),
        Reason("area_planned", Cause.CONSTRUCTION, "片区规划中", "the area is still being planned"),
        Reason("line_too_long", Cause.NETWORK, "线路过长", "the line is too long"),
        Reason("supply_short", Cause.NETWORK, "材料或设备供应", "material or equipment is missing"),
        Reason("barrier", Cause.THIRD_PARTY, "隔离阻挡", "the way is barred"),
        Reason("no_power", Cause.THIRD_PARTY, "未通电", "no electricity on site"),
        Reason("property_manager", Cause.THIRD_PARTY, "物业协商", "talks with the property manager"),
        Reason("roadworks", Cause.THIRD_PARTY, "市政施工", "municipal works"),
        Reason("householder_absent", Cause.CUSTOMER, "户主不在", "nobody was at home"),
        Reason("unreachable", Cause.CUSTOMER, "联系不上", "the customer cannot be reached"),
        Reason("undecided", Cause.CUSTOMER, "要求待定", "the customer has not decided"),
        Reason("not_decorated", Cause.CUSTOMER, "未装修", "the home is not decorated yet"),
        Reason("no_longer_wanted", Cause.CUSTOMER, "客户不再需要", "the customer no longer wants it"),
        Reason("wrong_contact", Cause.FRONT_OFFICE, "电话或地址不符", "phone or address is wrong"),
        Reason("duplicate", Cause.FRONT_OFFICE, "重复派单", "the order stands twice"),
        Reason("misdispatched", Cause.FRONT_OFFICE, "派错单", "sent to the wrong team"),
        Reason("weather", Cause.FORCE_MAJEURE, "天气", "weather"),
        Reason("other", Cause.OTHER, "其他", "other"),
    )
}


@dataclass(frozen=True)
class Move:
    """A wished step: the stage to reach and what must come with it."""

    to: Stage
    occurred_at: datetime
    reason_code: str | None = None
    reason_text: str | None = None
    appointment: tuple[datetime, datetime] | None = None


def open_moves(stage: Stage) -> tuple[Stage, ...]:
    """The stages an order may go to next; empty for a closed one."""
    return MOVES[stage]


def why_not_assigned(stage: Stage) -> str | None:
    """The rule against telling somebody to install an order; None where it can be done."""
    if stage in TAKES_INSTALLERS:
        return None
    return "assign.too_early" if stage in TO_INSTALL else "assign.too_late"


def faults_of(stage: Stage, reached_at: datetime, move: Move, now: datetime) -> list[str]:
    """The ids of the rules that `move` breaks for an order at `stage` since `reached_at`.

    An empty list means that the move is legal. A clock that is up to five minutes ahead is
    forgiven, because installers' phones are.
    """
    faults = []
    if move.to not in MOVES[stage]:
        faults.append("order.illegal_move")
    if move.occurred_at > now + CLOCK_SKEW:
        faults.append("order.in_the_future")
    if move.occurred_at < reached_at:
        faults.append("order.before_last_stage")
    if move.to in NEEDS_REASON and move.reason_code is None:
        faults.append("order.reason_required")
    if move.reason_code == "other" and not move.reason_text:
        faults.append("order.reason_text_required")
    if move.to in NEEDS_APPOINTMENT:
        faults += appointment_faults(move.appointment, move.occurred_at)
    elif move.appointment is not None:
        faults.append("order.appointment_not_expected")
    return faults


def appointment_faults(appointment: tuple[datetime, datetime] | None, agreed_at: datetime) -> list[str]:
    """The ids of the rules that the times of a visit break that was agreed at a moment."""
    if appointment is None:
        return ["order.appointment_required"]
    starts_at, ends_at = appointment
    ahead = agreed_at < ends_at <= agreed_at + timedelta(days=366)
    if not ahead or not timedelta(0) < ends_at - starts_at <= timedelta(hours=12):
        return ["order.appointment_times"]
    return []
