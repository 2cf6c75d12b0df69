"""What is wrong with an order and its way through the stages."""

from tracker.problems.rule import ProblemRule

RULES = (
    # What an order says.
    ProblemRule("order.not_found", 404, "没有这个工单", "There is no such order."),
    ProblemRule("order.unknown_community", 422, "未知的社区（村）代码", "No community has this code."),
    ProblemRule("order.unknown_plan", 422, "没有在售的该资费方案", "No plan on sale has this filing number."),
    ProblemRule(
        "order.plan_audience", 422, "该资费不适用于此类客户", "The plan is not for this kind of customer."
    ),
    ProblemRule(
        "order.no_promise_rule", 422, "没有适用的承诺时限规则", "No promise rule covers such an order."
    ),
    ProblemRule(
        "order.accepted_in_future", 422, "受理时间晚于现在", "The time of acceptance lies in the future."
    ),
    ProblemRule(
        "order.accepted_too_old", 422, "受理时间早于两年前", "The acceptance lies over two years back."
    ),
    ProblemRule(
        "order.duplicate_reference",
        409,
        "该渠道已有同一外部单号、内容不同的工单",
        "The channel already has a different order with this external reference.",
    ),
    # How an order moves.
    ProblemRule(
        "order.illegal_move", 409, "当前环节不能转到该环节", "The order cannot move to this stage now."
    ),
    ProblemRule("order.in_the_future", 422, "发生时间晚于现在", "The time lies in the future."),
    ProblemRule(
        "order.before_last_stage", 422, "发生时间早于上一环节", "The time lies before the last stage."
    ),
    ProblemRule("order.reason_required", 422, "须填写原因", "A reason code is needed."),
    ProblemRule("order.reason_text_required", 422, "“其他”须说明原因", "The reason 'other' needs a text."),
    ProblemRule("order.appointment_required", 422, "须填写预约时段", "An appointment is needed."),
    ProblemRule(
        "order.appointment_not_expected", 422, "此环节不带预约时段", "This stage takes no appointment."
    ),
    ProblemRule(
        "order.appointment_times",
        422,
        "预约时段不正确（结束须晚于开始，不超过12小时，且在一年之内）",
        "The appointment must end after it begins, last at most 12 hours and lie within the year ahead.",
    ),
    ProblemRule(
        "order.too_many_rows",
        422,
        "超过 {limit} 行，请先筛选，或下载 CSV",
        "There are more than {limit} rows: filter them first, or take the CSV file.",
    ),
)
