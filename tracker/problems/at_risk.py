"""What is wrong with rules of escalation, or with what is done about an order at risk."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = (
    ProblemRule(
        "risk.hours",
        422,
        "须为 {first} 至 {last} 的整数（小时）",
        "A whole number of hours, {first} to {last}.",
    ),
    ProblemRule("risk.days", 422, "须为 1 至 {last} 的整数（天）", "A whole number of days, 1 to {last}."),
    ProblemRule(
        "risk.steps_in_order",
        422,
        "三级督办须晚于二级",
        "The third step must come after the second.",
    ),
    ProblemRule(
        "risk.too_many_times", 422, "最多 {limit} 个时间", "There are no more than {limit} times a day."
    ),
    ProblemRule(
        "risk.outside_work",
        422,
        "时间须在 {begins} 至 {ends} 之间（不含 {ends}）",
        "A time must lie between {begins} and {ends}, and before {ends}.",
    ),
    ProblemRule(
        "risk.time",
        422,
        "时间写作 9:00，几个之间用逗号或空格隔开",
        "Write times as 9:00, with commas or blanks between them.",
    ),
    ProblemRule(
        "risk.stale",
        409,
        "规则已被他人更改，请核对后再保存",
        "The rules were changed in the meantime: look at them again.",
    ),
    ProblemRule("risk.nothing_new", 422, "与现行规则相同", "These are the rules in force."),
    ProblemRule(
        "risk.not_open",
        409,
        "工单已装通或已办结，无需跟进",
        "The order is connected, or has ended: there is nothing to take over.",
    ),
    ProblemRule(
        "risk.too_many_rows",
        422,
        "超过 {limit} 行，请先筛选，或下载 CSV",
        "There are more than {limit} rows: filter them first, or take the CSV file.",
    ),
)
