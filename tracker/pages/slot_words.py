"""Slots and what was done to them, in words."""

from datetime import datetime
from typing import Any

from tracker import clock
from tracker.orders import wording
from tracker.orders.standing import N_
from tracker.visits.rules import Change, Standing, Window, why_not

CHANGE_WORDS = {
    Change.OPENED: N_("开放"),
    Change.CAPACITY: N_("改容量"),
    Change.CLOSED: N_("停止预约"),
    Change.REOPENED: N_("恢复预约"),
}
# How a slot stands, by the rule against booking it; None is free.
STATE_WORDS = {
    None: N_("可预约"),
    "slot.full": N_("约满"),
    "slot.closed": N_("已停止"),
    "slot.too_late": N_("已截止"),
}
STATE_TONES = {None: "accent", "slot.full": "warning", "slot.closed": "danger", "slot.too_late": "quiet"}
WEEKDAY_WORDS = (N_("周一"), N_("周二"), N_("周三"), N_("周四"), N_("周五"), N_("周六"), N_("周日"))


def hours(starts_at: datetime, ends_at: datetime, language: str) -> str:
    """The hours of a slot: "9–11时", "9:00–11:00"."""
    return wording.hours(starts_at, ends_at, language).replace("-", "–")


def hours_of(window: Window, language: str) -> str:
    """The same of a window of any day."""
    return hours(*window.on(clock.today()), language)


def state_of(slot: Any, now: datetime) -> str | None:
    """The rule that stands against booking it; None where it is free."""
    return why_not(Standing(slot.starts_at, slot.capacity, slot.booked, slot.closed_at), now)
