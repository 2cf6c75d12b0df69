"""What is wrong with a subscription or a file of them."""

from tracker.problems.rule import ProblemRule

RULES = (
    ProblemRule("subscriber.not_found", 404, "没有这个在网用户", "There is no such subscription."),
    # What is said of one.
    ProblemRule(
        "subscriber.unknown_plan",
        422,
        "该运营商在该地区没有此方案编号的资费方案",
        "The operator has no plan with this filing number there.",
    ),
    ProblemRule(
        "subscriber.region_required",
        422,
        "该方案编号适用于多个地区，须填写地区：{regions}",
        "The filing number stands in several regions; name one: {regions}.",
    ),
    ProblemRule(
        "subscriber.plan_not_in_force",
        422,
        "开通当日该资费方案不在售",
        "The plan was not on sale on the day on which the subscription began.",
    ),
    ProblemRule(
        "subscriber.monthly_fee",
        422,
        "月费须为 0 至 1000000 元的金额，最多两位小数",
        "The monthly fee must be an amount in yuan from 0 to 1000000 with two decimals at most.",
    ),
    ProblemRule("subscriber.begins_ahead", 422, "开通日期晚于今天", "The first day lies in the future."),
    ProblemRule(
        "subscriber.days_reversed",
        422,
        "最后在网日早于开通日期",
        "The last day lies before the first.",
    ),
    ProblemRule(
        "subscriber.ends_too_far_ahead",
        422,
        "最后在网日最多可提前 {days} 天登记",
        "The last day lies more than {days} days ahead.",
    ),
    ProblemRule(
        "subscriber.agreed_in_part",
        422,
        "约定期止与约定种类须同时填写",
        "An agreed term needs its last day and its kind.",
    ),
    ProblemRule(
        "subscriber.agreed_before_start",
        422,
        "约定期止早于开通日期",
        "The agreed term ends before the subscription began.",
    ),
    ProblemRule(
        "subscriber.reference_tells_phone",
        422,
        "用户编号明文存储，不得含客户的电话号码",
        "The reference is stored in clear and must not contain the customer's number.",
    ),
    # Against what is stored, or stands in the same file.
    ProblemRule(
        "subscriber.repeated_reference",
        422,
        "该用户编号在文件中出现不止一次，只取第一行",
        "The reference stands in the file before; only its first row counts.",
    ),
    ProblemRule(
        "subscriber.differs",
        409,
        "与已存的同一用户编号不一致：{columns}",
        "The subscription is stored with this reference, and differs: {columns}.",
    ),
    ProblemRule(
        "subscriber.price_differs",
        409,
        "资费方案或月费与已存的不一致；在网价格只随已公告的资费变动而改",
        "Plan or price differ from what is stored; prices change only by announced changes.",
    ),
    # How one changes.
    ProblemRule("subscriber.ended", 409, "该用户已离网", "The subscription has ended already."),
    ProblemRule("subscriber.nothing_said", 422, "没有要更新的内容", "Nothing to be updated was given."),
)
