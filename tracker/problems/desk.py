"""What is wrong with what is done to an order at the desk: another contact, its return, an undoing."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = (
    # Correcting whom the order is for.
    ProblemRule(
        "contact.nothing_new", 422, "没有需要更正的内容", "Nothing of it differs from what is stored."
    ),
    ProblemRule(
        "contact.order_ended",
        409,
        "工单已结束，请到客户资料中更正",
        "The order has ended: correct the subscriber instead.",
    ),
    ProblemRule(
        "contact.reason_personal",
        422,
        "原因中不能有电话或证件号码",
        "The reason may hold no number of a phone or document.",
    ),
    # Asking for a return, and deciding on it.
    ProblemRule("return.not_found", 404, "没有这个退单申请", "There is no such request for a return."),
    ProblemRule(
        "return.open_already",
        409,
        "该工单已有待审批的退单申请",
        "A return of this order has been asked for already.",
    ),
    ProblemRule(
        "return.not_now",
        409,
        "当前环节不能退单",
        "The order cannot be returned at the stage it has.",
    ),
    ProblemRule(
        "return.decided", 409, "该申请已经处理过", "The request has been decided on or taken back already."
    ),
    ProblemRule(
        "return.own_request",
        403,
        "不能审批自己提出的退单申请，请另一位经理审批",
        "Nobody decides on a return that they asked for: another manager does.",
    ),
    ProblemRule(
        "return.not_manager",
        403,
        "只有本运营商在职的经理可以审批",
        "Only a manager of the operator who is in office decides.",
    ),
    ProblemRule(
        "return.other_manager",
        409,
        "有其他经理可以审批，请在“退单审批”页面处理",
        "Another manager of the operator can decide: on the page 退单审批.",
    ),
    ProblemRule(
        "return.not_own",
        403,
        "只有申请人可以撤回申请",
        "Only whoever asked for the return may take that back.",
    ),
    ProblemRule(
        "return.moved_on",
        409,
        "申请之后工单环节已变化，请驳回，按现状重新申请",
        "The order has gone to another stage since: refuse, and let it be asked for as things are.",
    ),
    ProblemRule("return.words_required", 422, "驳回须说明原因", "A refusal says why, for whoever asked."),
    # Undoing.
    ProblemRule(
        "desk.nothing_to_undo",
        409,
        "没有可撤回的操作，或工单已有新进展",
        "There is nothing to undo, or the order has gone on since.",
    ),
    ProblemRule(
        "desk.undo_over",
        409,
        "已超过10分钟，不能撤回",
        "Ten minutes have passed: it cannot be undone any more.",
    ),
    ProblemRule("desk.reason_required", 422, "请选择原因", "Choose a reason."),
)
