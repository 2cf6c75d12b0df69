"""What is wrong with a place in a list, or with a webhook."""

from tracker.problems.rule import ProblemRule

RULES = (
    ProblemRule(
        "cursor.malformed",
        422,
        "游标无效：请使用上一页返回的 next（旧的数字游标已停用，请从头读取）",
        "This is no cursor: use `next` of the page before (numeric ones of old are not valid any more; begin"
        " anew).",
    ),
    ProblemRule(
        "cursor.ahead",
        409,
        "游标超前于数据库：数据库已从备份恢复，请联系运维或从头读取",
        "The cursor is ahead of this database, which was restored from a copy: ask its operators, or begin"
        " anew.",
    ),
    ProblemRule("webhook.not_found", 404, "没有这个回调", "There is no such webhook."),
    ProblemRule("delivery.not_found", 404, "没有这条投递记录", "There is no such delivery of an event."),
    ProblemRule(
        "delivery.open",
        409,
        "该投递仍在进行，无需重发",
        "The delivery is still being tried; it need not be sent again.",
    ),
    ProblemRule(
        "webhook.too_many", 409, "每个渠道最多 {most} 个回调", "A channel may have {most} webhooks at most."
    ),
    ProblemRule(
        "webhook.url",
        422,
        "须为 https 地址，不含空格、# 或特殊字符",
        "The address must be an https URL without blanks, fragment or special characters.",
    ),
    ProblemRule("webhook.https", 422, "必须使用 https", "The address must be https."),
    ProblemRule(
        "webhook.credentials",
        422,
        "地址中不能含用户名或密码",
        "The address must not hold a user or a password.",
    ),
    ProblemRule(
        "webhook.port",
        422,
        "端口须为 443、80 或 1024 以上",
        "The port must be 443, 80, or 1024 or above.",
    ),
    ProblemRule(
        "webhook.unresolved",
        422,
        "无法解析该主机名",
        "The host's name leads to no address.",
    ),
    ProblemRule(
        "webhook.private_address",
        422,
        "该地址指向内网或保留网段，不允许作为回调",
        "The address leads into a private or reserved network, where webhooks are not sent.",
    ),
)
