"""What somebody may ask for on the site as an order stands, and why not the rest: pure decisions.

Words are the Chinese message ids of the site's catalogue. They say what is worth offering; whether it is
done, the service decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tracker.complaints.rules import RATE_WITHIN
from tracker.customer_requests.rules import Kind
from tracker.orders.rules import MOVES, PATH, TAKES_APPOINTMENT, Stage
from tracker.orders.standing import ENDED_EARLY, N_

ACTIONS = (Kind.APPOINTMENT, Kind.HOLD, Kind.WITHDRAWAL, Kind.COMPLAINT, Kind.RATING)


@dataclass(frozen=True)
class Situation:
    """As much of an order as decides what may be asked for."""

    stage: Stage
    is_held: bool
    is_being_withdrawn: bool
    is_rated: bool
    completed_at: datetime | None
    now: datetime


def why_not(kind: Kind, situation: Situation) -> str:
    """Why it cannot be asked for now; empty where it can."""
    return _JUDGES[kind](situation)


def _appointment(situation: Situation) -> str:
    stage = situation.stage
    if stage in TAKES_APPOINTMENT:
        return _WITHDRAWING if situation.is_being_withdrawn else ""
    if stage is Stage.ON_SITE:
        return N_("装维人员已经上门。要另约时间，请与装维人员当面商量，或拨打客服热线。")
    return _once_settled(stage) or N_("派单以后，可以在这里选择上门时间。")


def _hold(situation: Situation) -> str:
    if settled := _once_settled(situation.stage):
        return settled
    if situation.is_being_withdrawn:
        return _WITHDRAWING
    return N_("正在缓装，到期自动恢复。要提前恢复，请拨打客服热线。") if situation.is_held else ""


def _withdrawal(situation: Situation) -> str:
    if Stage.WITHDRAWN in MOVES[situation.stage]:
        return _WITHDRAWING if situation.is_being_withdrawn else ""
    if situation.stage is Stage.ON_SITE:
        return N_("施工已经开始。不想装了，请告诉装维人员，或拨打客服热线。")
    return _once_settled(situation.stage)


def _rating(situation: Situation) -> str:
    if situation.stage is not Stage.COMPLETED or situation.completed_at is None:
        return (
            N_("没有装通的订单不评价；有意见，请投诉。")
            if situation.stage in ENDED_EARLY
            else N_("竣工以后可以评价。")
        )
    if situation.is_rated:
        return N_("您已经评价过，谢谢。")
    return "" if situation.now < situation.completed_at + RATE_WITHIN else N_("竣工已久，不再评价。")


def _once_settled(stage: Stage) -> str:
    if stage in ENDED_EARLY:
        return N_("订单已经结束。")
    if PATH.index(stage) >= PATH.index(Stage.ACTIVATED):
        return N_("宽带已经装通。停用或移机，请拨打客服热线。")
    return ""


_WITHDRAWING = N_("撤单申请已收到，即将生效。不想撤单了，请先在进度页撤回。")

_JUDGES: dict[Kind, Callable[[Situation], str]] = {
    Kind.APPOINTMENT: _appointment,
    Kind.HOLD: _hold,
    Kind.WITHDRAWAL: _withdrawal,
    Kind.COMPLAINT: lambda _situation: "",
    Kind.RATING: _rating,
}
