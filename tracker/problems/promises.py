"""What is wrong with a promise's ledger, a promise rule or a calendar day."""

from tracker.problems.rule import ProblemRule

RULES = (
    # What becomes of a promise.
    ProblemRule(
        "promise.order_done",
        409,
        "工单已装通或已结束，承诺不再变更",
        "The line is connected or the order has ended; its promise changes no more.",
    ),
    ProblemRule(
        "hold.cause",
        422,
        "只有客户原因或不可抗力可以暂停计时；第三方原因可登记为免责说明",
        "Only the customer's own reasons and force majeure stop the clock; a third party's can be excused.",
    ),
    ProblemRule("hold.end_before_start", 422, "结束时间须晚于开始时间", "The hold must end after it begins."),
    ProblemRule(
        "hold.already_over", 422, "结束时间早于受理时间", "The hold ends before the order was accepted."
    ),
    ProblemRule(
        "hold.too_far_ahead",
        422,
        "最早在 {start} 天内开始，最长 {length} 天",
        "A hold begins within {start} days from now and lasts at most {length} days.",
    ),
    ProblemRule(
        "hold.evidence_required",
        422,
        "补登超过24小时的缓装须填写依据编号",
        "A hold that began over 24 hours ago needs the reference of its evidence.",
    ),
    ProblemRule(
        "hold.not_held", 409, "没有可解除的该缓装", "There is no such hold to lift, or it is over already."
    ),
    ProblemRule("hold.lift_in_future", 422, "恢复时间晚于现在", "The clock cannot be resumed in the future."),
    ProblemRule(
        "repromise.one_of",
        422,
        "资源情况与新期限须且只能填写一项",
        "Give either the resource that was found or a new date, and not both.",
    ),
    ProblemRule(
        "repromise.nothing_new", 409, "资源情况与现有承诺相同", "The promise rests on this resource already."
    ),
    ProblemRule(
        "repromise.not_later",
        422,
        "新期限须晚于现有期限和现在",
        "The new date must lie after the present one and now.",
    ),
    ProblemRule(
        "repromise.too_far",
        422,
        "新期限须在 {days} 天之内",
        "The new date must lie within {days} days from now.",
    ),
    ProblemRule(
        "repromise.contact_required",
        422,
        "顺延须写明跟进人",
        "A delay must name the person who follows it up.",
    ),
    ProblemRule(
        "excuse.cause",
        422,
        "只有第三方原因或不可抗力可以登记为免责说明",
        "Only a third party's doing or force majeure excuses a delay.",
    ),
    ProblemRule(
        "excuse.end_before_start", 422, "结束时间须晚于开始时间", "The delay must end after it begins."
    ),
    ProblemRule("excuse.in_the_future", 422, "时间晚于现在", "The delay lies in the future."),
    ProblemRule(
        "excuse.before_acceptance", 422, "时间早于受理", "The delay lies before the order's acceptance."
    ),
    # Promise rules.
    ProblemRule("promise_rule.not_found", 404, "没有这条时限规则", "There is no such promise rule."),
    ProblemRule(
        "promise_rule.hours_run_through",
        422,
        "按小时计的时限不设截止时间、下班时间或顺延",
        "A limit in hours runs by the second and takes no cut-off, end of day or postponement.",
    ),
    ProblemRule("promise_rule.period", 422, "失效日早于生效日", "The last day lies before the first."),
    ProblemRule(
        "promise_rule.begins_in_past",
        422,
        "生效日不得早于今天",
        "A rule takes effect today at the earliest.",
    ),
    ProblemRule(
        "promise_rule.overlap",
        409,
        "与规则 {rule} 同样具体且时间重叠",
        "Rule {rule} is equally specific and in force at the same time.",
    ),
    ProblemRule("promise_rule.ends_in_past", 422, "失效日不得早于今天", "A rule ends today at the earliest."),
    ProblemRule("promise_rule.ended", 409, "规则已失效", "The rule has ended already."),
    ProblemRule(
        "promise_rule.in_use",
        409,
        "已有工单按此规则承诺，只能设置失效日",
        "Orders were promised by this rule: it can be ended, not withdrawn.",
    ),
    ProblemRule(
        "promise_rule.above_ceiling",
        422,
        "超过全市最长时限 {zh}（{source}）",
        "The city allows {en} at most ({source}).",
    ),
    ProblemRule(
        "promise_rule.not_ahead",
        422,
        "新版本最早明天生效：今天的工单已按现行时限承诺",
        "A new version takes effect tomorrow at the earliest; today's orders are promised by this one.",
    ),
    ProblemRule(
        "promise_rule.replaces_coming",
        422,
        "须晚于被取代版本的生效日；尚未生效的版本请先撤回",
        "It must begin after the version that it replaces; one that is not in force yet is taken back first.",
    ),
    ProblemRule("promise_rule.nothing_new", 422, "与现行时限相同", "That is the limit as it stands."),
    ProblemRule(
        "promise_rule.leaves_gap",
        422,
        "失效后有工单没有时限可依；确要如此请勾选确认",
        "Orders would be left without a limit; confirm it where that is meant.",
    ),
    ProblemRule(
        "promise_rule.stale",
        409,
        "有人先一步改动了时限规则",
        "Somebody has changed the promise rules meanwhile.",
    ),
    # The calendar.
    ProblemRule("calendar.impossible_day", 422, "不是有效的日期", "There is no such day."),
    ProblemRule("calendar.duplicate_day", 422, "日期重复", "The day stands twice."),
    ProblemRule(
        "calendar.day_outside_year",
        422,
        "日期不属于 {year} 年的安排",
        "The day is no part of the arrangement for {year}.",
    ),
    ProblemRule(
        "calendar.working_word", 422, "须为 休、班、rest 或 work", "The value must be rest, work, 休 or 班."
    ),
    ProblemRule(
        "calendar.statutory_day_missing",
        422,
        "缺少法定放假日 {day}",
        "The statutory day off {day} is missing.",
    ),
    ProblemRule("calendar.year_gap", 422, "须先公布 {year} 年", "The year {year} must be announced first."),
    ProblemRule(
        "calendar.day_out_of_range", 422, "日期超出日历范围", "The day lies outside of the calendar."
    ),
    ProblemRule("calendar.unknown_county", 422, "未知的县（市、区）代码", "No county has this code."),
    ProblemRule(
        "calendar.already_overridden",
        409,
        "该日已有同一范围的调整，请先撤销",
        "The day is set for the same county and operator already; withdraw that first.",
    ),
    ProblemRule(
        "calendar.stale", 409, "有人先一步改动了日历", "Somebody has changed the calendar meanwhile."
    ),
    ProblemRule("calendar.as_it_is", 422, "该日本来如此", "The day is that already."),
    ProblemRule("calendar.override_not_found", 404, "没有这条日历调整", "There is no such override."),
)
