"""What is wrong with a complaint or a rating."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = (
    ProblemRule("complaint.not_found", 404, "没有这件投诉", "There is no such complaint."),
    ProblemRule(
        "complaint.stale",
        409,
        "投诉已被他人处理，请核对后再试",
        "The complaint was changed in the meantime: look at it again.",
    ),
    ProblemRule(
        "complaint.duplicate",
        409,
        "同样的投诉正在处理，编号 {number}",
        "The same complaint is being dealt with already, as {number}.",
    ),
    ProblemRule(
        "complaint.too_many_rows",
        422,
        "超过 {limit} 行，请先筛选，或下载 CSV",
        "There are more than {limit} rows: filter them first, or take the CSV file.",
    ),
    ProblemRule("complaint.ended", 409, "投诉已办结或撤回", "The complaint has come to its end."),
    ProblemRule(
        "complaint.not_closed",
        409,
        "投诉办结后才能登记满意度",
        "A complaint is closed before that.",
    ),
    ProblemRule("complaint.received_ahead", 422, "收到时间晚于现在", "It was received in the future."),
    ProblemRule(
        "complaint.too_old",
        422,
        "收到时间须在 {days} 天之内",
        "It must have been received within the last {days} days.",
    ),
    ProblemRule(
        "complaint.owner_unknown",
        422,
        "负责人须是本单位在用的账号",
        "The person must have an account with the operator.",
    ),
    ProblemRule("complaint.same_owner", 422, "已由此人负责", "This person has it already."),
    ProblemRule(
        "complaint.owner_required", 409, "请先指定负责人", "Somebody must be put in charge of it first."
    ),
    ProblemRule(
        "complaint.follow_up_day",
        422,
        "下次跟进不早于今天，不晚于 {month}月{day}日",
        "The next follow-up lies between today and {day}/{month}.",
    ),
    ProblemRule("complaint.words", 422, "办结结果不能包含：{words}", "The result cannot contain: {words}."),
    ProblemRule(
        "complaint.personal",
        422,
        "办结结果会发给客户并公开在查询页，不能写手机号、证件号",
        "The result goes out to the customer: no phone or ID number may stand in it.",
    ),
    ProblemRule("rating.not_completed", 409, "订单竣工后才能评价", "An order is rated once it is completed."),
    ProblemRule(
        "rating.too_late",
        409,
        "竣工已超过 {days} 天，不能再评价",
        "An order is rated within {days} days of its completion.",
    ),
    ProblemRule("rating.already", 409, "此订单已评价过", "This order was rated already."),
    ProblemRule("rating.not_found", 404, "没有这条评价", "There is no such rating."),
    ProblemRule("rating.retracted", 409, "评价已撤回", "The rating was taken back."),
    ProblemRule(
        "rating.retract_late",
        409,
        "评价后 {minutes} 分钟内才能撤回",
        "A rating can be taken back for {minutes} minutes.",
    ),
    ProblemRule("rating.not_low", 409, "此评价无须回访", "This rating needs no call back."),
    ProblemRule("rating.followed_up", 409, "已登记过回访", "The call back was recorded already."),
)
