"""What is wrong with an announced change."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = (
    ProblemRule("tariff_change.not_found", 404, "没有这项资费变动", "There is no such change."),
    ProblemRule(
        "tariff_change.unknown_plan", 422, "没有已公布的该资费方案", "No published plan has this key."
    ),
    ProblemRule(
        "tariff_change.effective_in_past",
        422,
        "生效日须晚于今天",
        "A change takes effect tomorrow at the earliest.",
    ),
    ProblemRule(
        "tariff_change.too_near",
        422,
        "须提前一个月告知：最早可于 {earliest} 生效",
        "Customers are told a full month before: {earliest} is the earliest day it can take effect.",
    ),
    ProblemRule(
        "tariff_change.too_far", 422, "生效日须在 {days} 天之内", "It must take effect within {days} days."
    ),
    ProblemRule(
        "tariff_change.duplicate",
        409,
        "同一方案同一生效日已公告过变动 {change}",
        "Change {change} was announced for this plan and day already.",
    ),
    ProblemRule(
        "tariff_change.term_overlap",
        409,
        "到期日范围与变动 {change} 重叠",
        "Change {change} covers some of these days already.",
    ),
    ProblemRule(
        "tariff_change.no_change", 422, "与现行资费相同", "Nothing differs from the version in force."
    ),
    ProblemRule(
        "tariff_change.price_elsewhere",
        422,
        "月费变动请按资费变动公告",
        "A change of the monthly fee is announced as one of price.",
    ),
    ProblemRule(
        "tariff_change.field_required", 422, "此类变动须填写此项", "This kind of change needs the field."
    ),
    ProblemRule(
        "tariff_change.field_not_expected",
        422,
        "此类变动不填写此项",
        "This kind of change takes no such field.",
    ),
    ProblemRule("tariff_change.period", 422, "结束日早于开始日", "The last day lies before the first."),
    ProblemRule(
        "tariff_change.fixed_field",
        422,
        "方案编号、适用地区等不能随变动修改：{name}",
        "A change cannot alter what identifies a plan: {name}.",
    ),
    ProblemRule(
        "tariff_change.words",
        422,
        "短信不能包含：{words}",
        "Texts cannot contain: {words}.",
    ),
    ProblemRule("tariff_change.withdrawn", 409, "该变动已撤回", "The change was withdrawn already."),
    ProblemRule(
        "tariff_change.already_effective",
        409,
        "该变动已生效，只能另行公告",
        "The change has taken effect: another one must be announced.",
    ),
    ProblemRule(
        "tariff_change.too_many_rows",
        422,
        "超过 {limit} 行，请下载 CSV",
        "There are more than {limit} rows: take the CSV file.",
    ),
)
