"""What is wrong with an order that is entered at the counter."""

from tracker.problems.rule import ProblemRule

RULES = (
    ProblemRule(
        "counter.unknown_channel",
        422,
        "请选择受理渠道：本单位的营业厅或行政服务中心",
        "Choose one of the operator's business halls or service centres.",
    ),
    ProblemRule(
        "counter.place_unclear",
        422,
        "请从列出的社区（村）中选一个",
        "Choose one of the communities that are listed.",
    ),
    ProblemRule(
        "counter.place_unknown",
        422,
        "找不到这个社区（村），请换几个字，或用拼音首字母、镇街名查找",
        "No community fits; try fewer characters, initials in pinyin, or the town's name.",
    ),
    ProblemRule(
        "counter.plan_not_sold_here",
        422,
        "按资费公示，该资费不在此受理渠道销售",
        "By its fee schedule the plan is not sold through this channel.",
    ),
    ProblemRule(
        "counter.not_acknowledged",
        422,
        "请先向客户说明限制与约定，客户知悉后勾选",
        "Explain the terms to the customer, and tick the box once they are understood.",
    ),
    ProblemRule(
        "counter.not_as_shown",
        409,
        "承诺、费用或约定与刚才显示的不同，请核对后再保存",
        "The promise, the fees or the terms are not what was shown a moment ago; check them, then save.",
    ),
)
