"""What is wrong with a real-name check, or with going on without one."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = (
    ProblemRule(
        "real_name.missing",
        409,
        "实名核验未完成：{names}",
        "Real-name checks have not passed: {names_en}.",
    ),
    ProblemRule(
        "real_name.reference_required",
        422,
        "核验通过须填写核验流水号",
        "A check that passed needs the reference number of whoever checked.",
    ),
    ProblemRule(
        "real_name.reference_personal",
        422,
        "只填核验流水号，不能填写证件号码",
        "Give the number of the check, never that of an identity document.",
    ),
    ProblemRule("real_name.reason_required", 422, "请选择未通过的原因", "Say why the check failed."),
    ProblemRule(
        "real_name.reason_not_expected",
        422,
        "只有未通过的核验才选择原因",
        "Only a check that failed has a reason code.",
    ),
    ProblemRule("real_name.reason_text_required", 422, "请说明原因", "Say in words why."),
    ProblemRule(
        "real_name.text_personal",
        422,
        "说明中不能有证件号码或电话号码",
        "The words may hold no number of a document or phone.",
    ),
    ProblemRule("real_name.waiver", 403, "只有经理可以免除核验", "Only a manager may waive a check."),
    ProblemRule(
        "real_name.order_done",
        409,
        "工单已装通或已结束，不再登记核验",
        "The order is connected or has ended: no further check is recorded.",
    ),
    ProblemRule(
        "real_name.no_change", 409, "与现行设置相同", "These are the checks that are required already."
    ),
)
