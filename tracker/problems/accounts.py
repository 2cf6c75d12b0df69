"""What is wrong with an account, a password or a code of staff."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = (
    ProblemRule("password.too_short", 422, "至少 {shortest} 个字符", "At least {shortest} characters."),
    ProblemRule(
        "password.like_username", 422, "不能包含用户名", "The password must not contain the username."
    ),
    ProblemRule(
        "password.too_common",
        422,
        "这个密码太常见，容易被猜到，请换一个",
        "That password is too common: choose another.",
    ),
    ProblemRule("password.differs", 422, "两次输入的新密码不一致", "The two passwords differ."),
    ProblemRule("password.wrong", 422, "密码不正确", "The password is wrong."),
    ProblemRule(
        "sign_in.locked", 429, "错误次数过多，请在 {at} 之后再试", "Too many wrong tries: try again at {at}."
    ),
    ProblemRule(
        "second_factor.wrong_code",
        422,
        "动态码不正确或已用过，请输入手机上的下一个",
        "The code is wrong or was used: type the next one.",
    ),
    ProblemRule(
        "second_factor.needed",
        409,
        "您的角色必须使用动态码，不能关闭",
        "Your role needs the second factor: it cannot be turned off.",
    ),
    ProblemRule(
        "staff_code.wrong",
        422,
        "用户名或验证码不正确，或验证码已失效",
        "The username or the code is wrong, or the code is good no longer.",
    ),
    ProblemRule("person.not_found", 404, "没有这个账号", "There is no such account."),
    ProblemRule(
        "person.stale",
        409,
        "这个账号刚被别人改过，请对照当前内容后再保存",
        "Somebody else has changed this account meanwhile: compare, and save again.",
    ),
    ProblemRule(
        "person.self",
        409,
        "不能停用自己或更改自己的角色",
        "Nobody disables himself or changes his own role.",
    ),
    ProblemRule(
        "person.last_administrator",
        409,
        "这是最后一个系统管理员，不能停用或更改",
        "This is the last administrator.",
    ),
    ProblemRule(
        "person.role_not_yours", 422, "您不能授予这个角色", "You cannot give this role to this account."
    ),
    ProblemRule("person.username_taken", 422, "这个用户名已被使用", "The username is taken."),
    ProblemRule(
        "person.username_malformed",
        422,
        "只能用小写字母、数字、点、横线和下划线，以字母或数字开头和结尾",
        "Small letters, digits, dots, dashes and underscores, with a letter or digit at either end.",
    ),
    ProblemRule(
        "person.number_taken", 422, "这个工号已被使用", "Somebody else of the operator has this staff number."
    ),
    ProblemRule(
        "person.not_mobile", 422, "请填写能收短信的手机号", "Give a mobile number, which can get texts."
    ),
    ProblemRule(
        "person.no_phone",
        409,
        "没有登记手机号，无法发送验证码",
        "No phone is on record, so no code can be sent.",
    ),
    ProblemRule(
        "person.console_only",
        409,
        "不属于运营商的账号，请在服务器上用 tracker staff 命令处理",
        "An account without an operator is handled with the tracker staff command on the server.",
    ),
    ProblemRule("person.disabled", 409, "账号已停用，请先启用", "The account is disabled: enable it first."),
    ProblemRule(
        "person.too_many_rows",
        409,
        "超过 {limit} 行，请缩小范围或导出 CSV",
        "More than {limit} rows: narrow the list, or take the CSV.",
    ),
)
