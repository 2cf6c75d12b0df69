"""What a customer is shown of an order: its steps, what happens next, and why.

Words are the Chinese message ids of the site's catalogue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tracker.orders.rules import PATH, REASONS, Stage
from tracker.orders.standing import ENDED_EARLY, N_, STAGE_WORDS


@dataclass(frozen=True)
class Happening:
    """One move of an order to a stage."""

    stage: Stage
    at: datetime
    reason_code: str | None = None


def connected_at(happenings: Sequence[Happening]) -> datetime | None:
    """When the line was connected, None before."""
    return next((one.at for one in happenings if one.stage is Stage.ACTIVATED), None)


# A step that is still to come is named as a task, not as done.
TASK_WORDS = {
    Stage.ACCEPTED: N_("受理"),
    Stage.VERIFIED: N_("实名核验"),
    Stage.RESOURCE_CHECKED: N_("资源核查"),
    Stage.DISPATCHED: N_("派单"),
    Stage.APPOINTED: N_("预约上门时间"),
    Stage.ON_SITE: N_("上门安装"),
    Stage.ACTIVATED: N_("装通测速"),
    Stage.COMPLETED: N_("竣工确认"),
}

NEXT_WORDS = {
    Stage.ACCEPTED: N_("核验实名信息。请保持电话畅通。"),
    Stage.VERIFIED: N_("核查您的地址能否直接接入。"),
    Stage.RESOURCE_CHECKED: N_("派单给装维人员。"),
    Stage.DISPATCHED: N_("装维人员将电话联系您，约定上门时间。"),
    Stage.APPOINTED: N_("装维人员将按约定时间上门。请留人在家，并备好有效证件。"),
    Stage.ON_SITE: N_("装维人员正在施工，装通后会当场测速。"),
    Stage.ACTIVATED: N_("宽带已可使用。请核对网速，确认后竣工。"),
    Stage.COMPLETED: N_("报装已办结。使用中有问题，请拨打客服热线。"),
    Stage.WITHDRAWN: N_("订单已撤销，不再安装。已缴费用的退还，请咨询客服。"),
    Stage.RETURNED: N_("很抱歉，这次未能为您装通。其他办理方式和已缴费用的退还，请咨询客服。"),
}


@dataclass(frozen=True)
class Step:
    """One line of the timeline; `state` is done, now, next or ended."""

    word: str
    state: str
    at: datetime | None = None
    note: str = ""
    reason_code: str | None = None


def timeline(stage: Stage, happenings: Sequence[Happening]) -> list[Step]:
    """Every step in order: those done with their times, the present one, those to come.

    A step taken twice bears its latest time. One that the order fell back to says so, with the
    reason. An order that ended early shows how far it came and why it ended; nothing is to come.
    """
    reached = {one.stage: one for one in happenings}
    if stage in ENDED_EARLY:
        done = [_done(one, reached) for one in PATH if one in reached]
        last = reached.get(stage)
        ended = Step(STAGE_WORDS[stage], "ended")
        if last is not None:
            ended = Step(STAGE_WORDS[stage], "ended", last.at, reason_code=last.reason_code)
        return [*done, ended]
    at = PATH.index(stage)
    steps = [_done(one, reached) for one in PATH[:at]]
    state = "done" if stage is Stage.COMPLETED else "now"
    steps.append(_present(stage, state, happenings, reached))
    return steps + [Step(TASK_WORDS[one], "next") for one in PATH[at + 1 :]]


def _done(stage: Stage, reached: Mapping[Stage, Happening]) -> Step:
    one = reached.get(stage)
    return Step(STAGE_WORDS[stage], "done", one.at if one else None)


def _present(
    stage: Stage, state: str, happenings: Sequence[Happening], reached: Mapping[Stage, Happening]
) -> Step:
    one = reached.get(stage)
    moves = [h for h in happenings if h.stage in PATH]
    fell_back = any(
        later.stage is stage and PATH.index(later.stage) < PATH.index(earlier.stage)
        for earlier, later in zip(moves[-2:], moves[-1:], strict=False)
    )
    if not fell_back:
        return Step(STAGE_WORDS[stage], state, one.at if one else None)
    note = N_("需要重新预约上门") if stage is Stage.APPOINTED else N_("需要重新安排装维人员")
    return Step(STAGE_WORDS[stage], state, one.at if one else None, note, one.reason_code if one else None)


def reason_words(code: str | None, language: str) -> str:
    """A reason as customers read it, in zh or en; empty for none, and for "other", which says nothing."""
    if code is None or code == "other" or code not in REASONS:
        return ""
    return REASONS[code].en if language == "en" else REASONS[code].zh
