"""What is wrong with a half-year report or a self-check."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = (
    ProblemRule("report.not_found", 404, "没有这份报告", "There is no such report."),
    ProblemRule("report.half_ahead", 422, "这个半年度还没有开始", "The half-year has not begun yet."),
    ProblemRule(
        "report.stale",
        409,
        "报告已被他人处理，请核对后再试",
        "The report was changed in the meantime: look at it again.",
    ),
    ProblemRule("report.state", 409, "报告的当前状态不允许此操作", "The report is not in a state for that."),
    ProblemRule(
        "report.submitted_already",
        409,
        "本半年度的报告已报送；需要更正的，请建立更正版次",
        "The report of this half-year was submitted: what is wrong with it is corrected by another revision.",
    ),
    ProblemRule(
        "report.nothing_to_correct",
        409,
        "没有可更正的已报送报告，或已有未报送的版次",
        "Nothing was submitted that could be corrected, or a correction is under way.",
    ),
    ProblemRule(
        "report.not_built",
        409,
        "报告还没有生成，或正在重新生成",
        "The report is not built, or is being built anew.",
    ),
    ProblemRule(
        "report.self_checks",
        409,
        "报告中还缺 {count} 个县（市、区）的自查；填报后请重新生成报告",
        "The self-checks of {count} counties are missing in the report: enter them, then build it anew.",
    ),
    ProblemRule(
        "report.own_review",
        409,
        "须由送审人以外的另一位人员审核",
        "Somebody other than who offered it has to review it.",
    ),
    ProblemRule("report.remarks_required", 422, "退回时请写明意见", "Say why it is sent back."),
    ProblemRule(
        "report.not_settled",
        409,
        "报告期尚未结清，{day} 起可以报送",
        "The half-year is not settled yet: it can be submitted from {day} on.",
    ),
    ProblemRule(
        "report.built_too_early",
        409,
        "报告数据截止于报告期结清之前，请退回后重新生成",
        "Its figures are of a moment before the half-year was settled: send it back and build it anew.",
    ),
    ProblemRule(
        "report.self_check_day",
        422,
        "自查日期不早于 {first}，不晚于今天",
        "A self-check is made between {first} and today.",
    ),
    ProblemRule("report.county_unknown", 422, "没有这个县（市、区）", "There is no such county."),
    ProblemRule(
        "report.personal",
        422,
        "报告会上报，不能写手机号、证件号",
        "The report is handed on: no phone or ID number may stand in it.",
    ),
    ProblemRule(
        "report.self_check_stale",
        409,
        "这个县（市、区）的自查已被他人更新，请核对后再试",
        "The self-check of this county was changed in the meantime: look at it again.",
    ),
    ProblemRule(
        "report.altered",
        500,
        "报告内容与它的摘要不符，已停止显示和报送；请联系系统管理员",
        "The report is not what its digest says, and is neither shown nor submitted: call the administrator.",
    ),
    ProblemRule(
        "report.fonts_missing",
        503,
        "服务器缺少生成 PDF 的字体，请运行 make pages",
        "The fonts for PDF files are missing on the server: run `make pages`.",
    ),
)
