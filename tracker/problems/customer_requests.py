"""What is wrong with something that a customer asks for on the public site."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = (
    ProblemRule(
        "request.failed",
        500,
        "系统出错，没有办成，请拨打客服热线办理",
        "Something failed here and it was not done: please call the hotline.",
    ),
    ProblemRule(
        "session.over", 403, "手机验证已过期，请重新验证", "The check of the phone has run out: do it again."
    ),
    ProblemRule(
        "action.too_many",
        429,
        "24小时内最多办理 {most} 次，请稍后再试，或拨打客服热线",
        "At most {most} things can be asked for within 24 hours: try later, or call the hotline.",
    ),
    ProblemRule(
        "code.too_often",
        429,
        "获取短信过于频繁，请在 {at} 之后再试",
        "Texts were asked for too often: try again after {at}.",
    ),
    ProblemRule(
        "code.no_texts",
        422,
        "登记的联系电话是固定电话，收不到短信，请拨打 {hotline} 查询和办理",
        "The contact number is a landline, which gets no texts: please call {hotline}.",
    ),
    ProblemRule(
        "withdrawal.not_now",
        409,
        "已上门施工或已办结，不能在网上撤单，请拨打客服热线",
        "Work has begun or has ended: to withdraw now, call the hotline.",
    ),
    ProblemRule(
        "withdrawal.asked_already",
        409,
        "已申请撤单，{at} 生效",
        "The withdrawal was asked for already and takes effect at {at}.",
    ),
    ProblemRule("undo.unknown", 404, "没有这项申请", "There is no such request."),
    ProblemRule("undo.already", 409, "已经撤回过了", "It has been taken back already."),
    ProblemRule(
        "undo.nothing", 409, "这项申请没有办成，无需撤回", "It was not done, so nothing is to be undone."
    ),
    ProblemRule(
        "undo.too_late",
        409,
        "已超过 {minutes} 分钟，不能撤回，请拨打客服热线",
        "More than {minutes} minutes have passed: to undo it now, call the hotline.",
    ),
)
