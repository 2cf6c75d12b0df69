"""What is wrong with a question for figures."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = (
    ProblemRule(
        "figures.bad_day",
        422,
        "日期要是真实的一天，写成 2026-11-26 这样",
        "A day is written like 2026-11-26, and there must be such a day.",
    ),
    ProblemRule("figures.reversed", 422, "结束日期早于开始日期", "The last day lies before the first one."),
    ProblemRule(
        "figures.ahead",
        422,
        "日期不能晚于今天",
        "No day may lie after today.",
    ),
    ProblemRule(
        "figures.too_long", 422, "一次最多统计 {days} 天", "At most {days} days are counted at a time."
    ),
    ProblemRule("figures.unknown", 422, "没有这个选项", "There is no such choice."),
    ProblemRule(
        "figures.one_by_one",
        422,
        "代理商、班组或装维员与其他条件一起筛选时要逐单计算，一次最多统计 {days} 天",
        "Of a dealer, a team or an installer narrowed by anything else, orders are counted one by one: at"
        " most {days} days at a time.",
    ),
)
