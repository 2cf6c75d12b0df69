"""What is wrong with a plan or a file of plans."""

from tracker.problems.rule import ProblemRule

RULES = (
    ProblemRule("plan.not_found", 404, "没有这个资费方案", "There is no such plan."),
    ProblemRule(
        "plan.not_draft",
        409,
        "已发布或已作废的版本不能修改，可以复制为新的草稿",
        "Only a draft can be edited; a published version can be copied into a new draft.",
    ),
    # What a plan says of itself.
    ProblemRule(
        "plan.fee",
        422,
        "须为 0 至 {high} 元，最多两位小数，如 129 或 129.50",
        "The fee must be 0 to {high} yuan with at most two decimals, like 129 or 129.50.",
    ),
    ProblemRule(
        "plan.speed",
        422,
        "须为 0 至 {high} 的整数（单位 M），如 1000",
        "The speed must be a whole number of Mbit/s from 0 to {high}, like 1000.",
    ),
    ProblemRule(
        "plan.unknown_region",
        422,
        "没有这个地区，须为本市或所辖县（市、区）",
        "There is no such region: it must be the city or one of its counties.",
    ),
    # What it lacks to be published.
    ProblemRule(
        "plan.restrictions_required",
        422,
        "发布前须用通俗的话写明限制条件；没有限制请写“无”",
        "The restrictions must be told in plain words before publishing; where there are none, say so.",
    ),
    ProblemRule(
        "plan.services_required",
        422,
        "发布前须写明服务内容",
        "What the fee pays for must be told before publishing.",
    ),
    ProblemRule("plan.period", 422, "下线日期早于上线日期", "The last day lies before the first."),
    ProblemRule(
        "plan.begins_in_past", 422, "上线日期不得早于今天", "A plan goes on sale today at the earliest."
    ),
    ProblemRule(
        "plan.overlap",
        409,
        "与已发布的第 {version} 版在售期冲突；须在它上线之后开始，它有下线日期的则在其之后",
        "Version {version} is published for the same time: this one must begin after it began,"
        " and after its end where it has one.",
    ),
    # What is unusual and no mistake.
    ProblemRule(
        "plan.unusual_filing_number",
        422,
        "方案编号一般为两位年份、两位省份代码加六位数字，如 24GD100001，请核对",
        "Filing numbers usually are the year, the province and six digits, like 24GD100001: check it.",
    ),
    ProblemRule(
        "plan.no_english",
        422,
        "没有英文，发布时以中文代替",
        "There is no English: the Chinese will stand in its place once published.",
    ),
    ProblemRule(
        "plan.left_out",
        422,
        "资费专区通常公示此项，此处未填",
        "Published fee pages usually tell this, and it was left out.",
    ),
    # Taking off sale, and back.
    ProblemRule("plan.withdrawn", 409, "该版本已作废或已撤下", "The version is withdrawn already."),
    ProblemRule("plan.ended", 409, "该版本已不再销售", "The version is no longer sold."),
    ProblemRule(
        "plan.belongs_to_change",
        409,
        "该版本属于已公告的资费变动，须撤回该变动",
        "An announced change brings this version: the change must be withdrawn instead.",
    ),
    ProblemRule(
        "plan.change_withdrawn",
        409,
        "该版本已随资费变动撤回，请另行发布新版本",
        "The version was withdrawn with the change that was to bring it: publish a new version.",
    ),
    ProblemRule(
        "plan.ends_in_past", 422, "最后在售日不得早于今天", "The last day on sale is today at the earliest."
    ),
    ProblemRule(
        "plan.ends_too_late",
        422,
        "该版本本来只售至 {day:%Y年%-m月%-d日}，最后在售日不能更晚",
        "The version is sold through {day:%-d %B %Y} only; its last day cannot be later.",
    ),
    ProblemRule(
        "plan.not_withdrawn", 409, "该版本没有被撤下，无需恢复", "The version was not taken off sale."
    ),
    # Files of plans.
    ProblemRule(
        "plan.twice_in_file",
        422,
        "与第 {line} 行的方案编号、地区和上线日期相同",
        "Line {line} has the same filing number, region and first day.",
    ),
)
