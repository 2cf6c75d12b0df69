"""What is wrong with a text, a receipt or a call."""

from tracker.problems.rule import ProblemRule

RULES = (
    # Registered texts.
    ProblemRule("template.not_found", 404, "没有这个短信模板", "There is no such text."),
    ProblemRule(
        "template.unknown_parameter",
        422,
        "未知的参数：{name}。可用的有：{names}",
        "Unknown parameter: {name}. There are: {names}.",
    ),
    ProblemRule(
        "template.not_given", 422, "此模板没有参数：{name}", "This text is not given the parameter {name}."
    ),
    ProblemRule("template.repeated_parameter", 422, "参数重复", "A parameter stands twice."),
    ProblemRule(
        "template.parameters_differ",
        422,
        "正文中的参数须与列出的一致：{names}",
        "The wording must use the listed parameters, all of them and no other: {names}.",
    ),
    ProblemRule("template.braces", 422, "花括号只能括住参数名", "Braces may hold a parameter's name only."),
    ProblemRule(
        "template.signature",
        422,
        "须以【{{signature}}】结尾，且只出现一次",
        "The wording must end with 【{{signature}}】, and hold no other 【.",
    ),
    ProblemRule(
        "template.refused_character",
        422,
        "运营商不接受的字符：{characters}",
        "Carriers refuse these characters: {characters}",
    ),
    ProblemRule("template.link", 422, "不得含网址", "A text may hold no link."),
    ProblemRule(
        "template.advertising",
        422,
        "服务短信不得含营销用语：{words}",
        "A service message may hold no advertising: {words}.",
    ),
    ProblemRule("template.too_long", 422, "超过 {parts} 条短信", "The text has more than {parts} parts."),
    ProblemRule(
        "template.required_parameter",
        422,
        "此模板必须保留参数：{name}",
        "This text must keep the parameter {name}.",
    ),
    ProblemRule(
        "template.stale", 409, "有人先一步改动了这个模板", "Somebody has changed this text meanwhile."
    ),
    ProblemRule("template.no_draft", 409, "没有草稿", "There is no draft."),
    ProblemRule(
        "template.in_force_already", 409, "正在使用的就是这一版", "That wording is in force already."
    ),
    ProblemRule(
        "template.awaits_approval",
        409,
        "短信通道尚未批准这一版，不能试发",
        "The provider has not approved this wording yet, so it cannot be tried.",
    ),
    ProblemRule(
        "template.try_too_often",
        429,
        "试发过于频繁，请在 {at} 之后再试",
        "Texts were tried too often: try again after {at}.",
    ),
    ProblemRule(
        "template.no_phone",
        409,
        "您的账号没有登记手机号，不能试发",
        "No phone of yours is on record to send it to.",
    ),
    # Calls.
    ProblemRule("call.not_found", 404, "没有这个电话任务", "There is no such call task."),
    ProblemRule(
        "call.order_done",
        409,
        "工单已装通或已办结，无需致电",
        "The order is connected, or has ended: there is nothing to call about.",
    ),
    ProblemRule("call.closed", 409, "该电话任务已结束", "The call task is closed already."),
    ProblemRule(
        "call.too_many_rows",
        422,
        "超过 {limit} 行，请改用 CSV，或缩短时段",
        "There are more than {limit} rows: take them as CSV, or fewer days.",
    ),
    ProblemRule("call.claimed", 409, "有人正在拨打这位客户的电话", "Somebody is calling this customer now."),
    ProblemRule("call.not_claimed", 409, "请先点“我来拨打”", "Take the call first."),
    ProblemRule(
        "call.nothing_to_take_back",
        409,
        "没有可撤回的登记，或任务已有新进展",
        "There is no record of yours to take back, or the task has gone on since.",
    ),
    ProblemRule(
        "call.take_back_over",
        409,
        "已超过10分钟，不能撤回登记",
        "Ten minutes have passed: the record stands.",
    ),
    ProblemRule("call.in_the_future", 422, "通话时间晚于现在", "The time of the call lies in the future."),
    ProblemRule(
        "call.before_the_task", 422, "通话时间早于任务建立", "The call lies before its task was opened."
    ),
    ProblemRule("call.time_required", 422, "须填写回拨时间", "A time to call back is needed."),
    ProblemRule(
        "call.time_not_expected", 422, "此结果不带回拨时间", "This outcome takes no time to call back."
    ),
    ProblemRule(
        "call.time",
        422,
        "回拨时间须在现在之后30天以内",
        "The time to call back must lie within the 30 days ahead.",
    ),
    # What a manager has done about a text.
    ProblemRule("notice.not_found", 404, "没有这条短信", "There is no such notice."),
    ProblemRule(
        "notice.may_have_gone",
        409,
        "这条短信可能已经发出，不能再发，以免客户收到两次",
        "The text may have gone out, and is not sent again: nobody is to get it twice.",
    ),
    ProblemRule(
        "notice.sent_again_already",
        409,
        "这条短信已经再发过一次",
        "The text has been sent again once already.",
    ),
    ProblemRule(
        "notice.not_to_be_sent",
        409,
        "这条短信不能再发",
        "This text cannot be sent again.",
    ),
    ProblemRule(
        "notice.not_to_be_called",
        409,
        "这条短信不能改为致电",
        "Nobody can be asked to call about this text.",
    ),
    ProblemRule(
        "notice.call_open", 409, "已有人负责致电告知", "A call about this text is to be made already."
    ),
    ProblemRule(
        "notice.on_its_way",
        409,
        "正在发送，请几分钟后再看",
        "It is being sent now; look again in some minutes.",
    ),
)
