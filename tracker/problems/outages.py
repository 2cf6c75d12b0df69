"""What is wrong with an announced outage."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = (
    ProblemRule("outage.not_found", 404, "没有这条中断公告", "There is no such outage."),
    ProblemRule(
        "outage.stale",
        409,
        "公告已被他人修改，请核对后再试",
        "The outage was changed in the meantime: look at it again.",
    ),
    ProblemRule(
        "outage.too_near",
        422,
        "计划中断须提前 {hours} 小时公告；确需提前的，由经理填写理由",
        "Planned work is announced {hours} hours before it begins; only a manager may decide otherwise.",
    ),
    ProblemRule("outage.in_past", 422, "开始时间须晚于现在", "It begins later than now."),
    ProblemRule("outage.too_far", 422, "开始时间须在 {days} 天之内", "It must begin within {days} days."),
    ProblemRule("outage.window", 422, "结束时间须晚于开始时间", "The end must lie after the start."),
    ProblemRule(
        "outage.too_long", 422, "一次中断不超过 {hours} 小时", "An outage takes {hours} hours at most."
    ),
    ProblemRule("outage.end_required", 422, "计划中断须有结束时间", "Planned work has an end."),
    ProblemRule(
        "outage.end_past",
        422,
        "结束时间已过；已恢复的请登记恢复",
        "That end is past: if service is back, record its recovery.",
    ),
    ProblemRule(
        "outage.not_emergency",
        422,
        "{hours} 小时以后才开始的，请按计划中断公告",
        "What begins more than {hours} hours from now is planned work.",
    ),
    ProblemRule(
        "outage.too_old",
        422,
        "突发中断须在开始后 {hours} 小时内公告",
        "A fault is announced within {hours} hours of its beginning.",
    ),
    ProblemRule("outage.unknown_place", 422, "没有这个地区：{code}", "There is no such place: {code}."),
    ProblemRule("outage.words", 422, "公告不能包含：{words}", "An announcement cannot contain: {words}."),
    ProblemRule(
        "outage.beyond_window",
        422,
        "预计中断时长超过公告的起止时间",
        "Service cannot be away for longer than the window.",
    ),
    ProblemRule(
        "outage.duplicate",
        409,
        "同样的中断已公告过，编号 {outage}",
        "The same outage was announced already, as {outage}.",
    ),
    ProblemRule("outage.withdrawn", 409, "公告已撤回", "The outage was withdrawn."),
    ProblemRule("outage.over", 409, "中断已结束，不能再改", "The outage is over and cannot be changed."),
    ProblemRule(
        "outage.begun", 422, "中断已开始，开始时间不能再改", "It has begun: its start cannot be changed."
    ),
    ProblemRule(
        "outage.not_begun", 422, "恢复时间早于中断开始", "Service cannot come back before the outage began."
    ),
    ProblemRule("outage.recovery_ahead", 422, "恢复时间晚于现在", "The recovery lies in the future."),
    ProblemRule("outage.no_change", 422, "与原公告相同", "Nothing differs from what was announced."),
)
