"""What is wrong with an excuse that is asked for or decided on, and with paying compensation."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = (
    ProblemRule("excuse.not_found", 404, "没有这个免责申请", "There is no such request for an excuse."),
    ProblemRule("excuse.not_own", 409, "只有申请人可以撤回", "Only who asked can take it back."),
    ProblemRule("excuse.decided", 409, "该免责申请已处理", "The request has been dealt with."),
    ProblemRule(
        "excuse.own_request",
        409,
        "不能审批自己的申请，须由另一位经理审批",
        "Nobody decides on their own request: another manager has to.",
    ),
    ProblemRule(
        "excuse.not_manager",
        403,
        "只有本运营商在职的经理可以审批",
        "Only a manager of the operator who is in office decides.",
    ),
    ProblemRule(
        "excuse.other_manager",
        409,
        "有其他经理可以审批，请在“免责审批”页面处理",
        "Another manager of the operator can decide: on the page 免责审批.",
    ),
    ProblemRule("excuse.words_required", 422, "驳回须写明原因", "Say why it is refused."),
    ProblemRule(
        "excuse.overlaps",
        409,
        "这段时间已有免责申请或已免责，请勿重复",
        "This stretch, or a part of it, was asked for or excused already.",
    ),
    ProblemRule(
        "excuse.after_connection",
        409,
        "这段延误晚于装通，与超时无关",
        "The delay began after the line was connected: it did not make it late.",
    ),
    ProblemRule(
        "excuse.evidence_required",
        422,
        "请填写依据编号，或上传照片、PDF",
        "Name the reference of the evidence, or send photos or a PDF.",
    ),
    ProblemRule("excuse.too_many_files", 422, "最多上传 {most} 个文件", "At most {most} files can be sent."),
    ProblemRule(
        "excuse.file_too_large",
        422,
        "单个文件不能超过 {megabytes} MB",
        "A file may have {megabytes} MB at most.",
    ),
    ProblemRule(
        "excuse.file_unreadable",
        422,
        "有文件无法识别，请上传 JPG、PNG、WebP 照片或 PDF",
        "A file could not be read: send JPG, PNG or WebP photos, or a PDF.",
    ),
    ProblemRule(
        "excuse.too_many_rows",
        422,
        "超过 {limit} 行，请缩小范围或导出 CSV",
        "More than {limit} rows: narrow the list, or take the CSV file.",
    ),
    ProblemRule(
        "compensation.nothing_chosen", 422, "请先勾选要付款的工单", "Tick the orders that were paid."
    ),
    ProblemRule("compensation.not_found", 404, "没有这笔补偿", "There is no such compensation."),
    ProblemRule(
        "compensation.changed",
        409,
        "工单 {number} 的补偿已有变化，请核对后再付",
        "The compensation of order {number} has changed: look at it again.",
    ),
    ProblemRule(
        "compensation.nothing_owed",
        409,
        "工单 {number} 没有待付的补偿",
        "Nothing is owed for order {number}.",
    ),
    ProblemRule(
        "compensation.paid_in_future", 422, "付款日期晚于今天", "The day of the payment lies in the future."
    ),
    ProblemRule(
        "compensation.paid_too_early",
        422,
        "付款日期早于装通日期",
        "The day of the payment lies before the line was connected.",
    ),
    ProblemRule(
        "compensation.not_paid", 409, "这笔补偿没有可撤销的付款", "There is no payment of it to undo."
    ),
    ProblemRule(
        "compensation.too_many_rows",
        422,
        "超过 {limit} 行，请缩小范围或导出 CSV",
        "More than {limit} rows: narrow the list, or take the CSV file.",
    ),
)
