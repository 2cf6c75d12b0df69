"""What is wrong with a team of installers, and with assigning orders."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = (
    ProblemRule("team.not_found", 404, "没有这个班组", "There is no such team."),
    ProblemRule("team.closed", 409, "该班组已停用", "The team is closed."),
    ProblemRule("team.not_closed", 409, "该班组并未停用", "The team is not closed."),
    ProblemRule(
        "team.name_taken", 409, "已有同名的在用班组", "Another team that is at work bears this name."
    ),
    ProblemRule(
        "team.unknown_area", 422, "请选择本市的一个县区或镇街", "Choose a county or a town of the city."
    ),
    ProblemRule(
        "team.no_installer",
        422,
        "请勾选本公司在用的装维人员",
        "Choose installers of your operator who may sign in.",
    ),
    ProblemRule("team.no_member", 409, "所选人员已不在该班组", "None of them works in the team."),
    ProblemRule(
        "team.has_orders",
        409,
        "该班组还有 {count} 张在途工单，请先选择交给谁",
        "The team has {count} open orders: say where they go.",
    ),
    ProblemRule(
        "team.orders_stay",
        409,
        "有 {count} 张工单未能移交，班组没有停用",
        "{count} orders could not be handed over, and the team was not closed.",
    ),
    # Assigning.
    ProblemRule("assign.nothing", 422, "请先勾选工单", "Choose orders first."),
    ProblemRule(
        "assign.too_many", 422, "一次最多派 {limit} 张工单", "At most {limit} orders are assigned at a time."
    ),
    ProblemRule("assign.target", 422, "请选择班组或装维人员", "Choose a team or an installer."),
    ProblemRule(
        "assign.not_member",
        409,
        "该装维人员不在这个班组，或账号已停用",
        "The installer does not work in this team, or may not sign in.",
    ),
    ProblemRule(
        "assign.too_early",
        409,
        "资源尚未核查，还不能派单",
        "The line has not been checked yet: the order cannot be dispatched.",
    ),
    ProblemRule(
        "assign.too_late",
        409,
        "工单已装通或已结束，不能再派",
        "The order is connected or ended: nobody is to come any more.",
    ),
    ProblemRule(
        "assign.outside_area",
        409,
        "地址不在该班组的范围内；确认要派，请勾选“地址在班组范围外也派”",
        "The address lies outside the team's area: tick 'also outside the area' to assign it all the same.",
    ),
    ProblemRule("assign.no_change", 409, "已经是这样派的", "It is assigned like this already."),
    ProblemRule("assign.not_found", 404, "没有这次派单", "There is no such assignment."),
    ProblemRule(
        "assign.undo_over", 409, "已超过可撤回的时间，或已撤回", "It is too late to undo, or it was undone."
    ),
    ProblemRule(
        "assign.moved_on",
        409,
        "派单之后工单已有新进展，未撤回",
        "The order has gone on since it was assigned: it stays as it is.",
    ),
)
