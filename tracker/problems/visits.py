"""What is wrong with a slot for visits, and with booking one."""

from tracker.problems.rule import ProblemRule

RULES: tuple[ProblemRule, ...] = (
    # Booking one.
    ProblemRule("slot.not_found", 404, "没有这个上门时段", "There is no such slot for this address."),
    ProblemRule("slot.closed", 409, "该上门时段已停止预约，请另选", "The slot is closed: choose another."),
    ProblemRule("slot.full", 409, "该上门时段刚刚约满，请另选", "The slot is full: choose another."),
    ProblemRule(
        "slot.too_late",
        409,
        "离该时段开始太近或已过，请另选",
        "The slot begins too soon, or has begun: choose another.",
    ),
    ProblemRule(
        "appointment.not_now",
        409,
        "当前环节不能预约或改约",
        "No visit can be agreed or changed at this stage of the order.",
    ),
    ProblemRule(
        "appointment.one_of",
        422,
        "请给出一个时段编号，或开始和结束时间",
        "Give either a slot, or a start and an end.",
    ),
    ProblemRule("appointment.no_change", 409, "与现有预约相同", "The order has that appointment already."),
    ProblemRule(
        "appointment.nothing_to_undo",
        409,
        "没有可撤回的改约，或工单已有新进展",
        "There is no change of the appointment to undo, or the order has gone on since.",
    ),
    ProblemRule(
        "appointment.undo_over",
        409,
        "已超过可撤回的时间，或原时段已开始",
        "It is too late to have the former appointment back.",
    ),
    ProblemRule(
        "appointment.during_hold",
        409,
        "缓装期间不安排上门，请选缓装结束以后的时段",
        "Nobody comes while the order is on hold: choose a later time.",
    ),
    ProblemRule(
        "appointment.held",
        409,
        "工单缓装至{day}，期间不安排上门；要更早上门，请先恢复办理",
        "The order is on hold until {day_en}, and nobody comes meanwhile: to come earlier, resume it first.",
    ),
    # Opening and changing them.
    ProblemRule(
        "slot.unknown_area", 422, "没有这个县区或镇街：{code}", "No county or town has the code {code}."
    ),
    ProblemRule("slot.day_past", 422, "不能早于今天", "The day is past."),
    ProblemRule("slot.days_reversed", 422, "最后一天不能早于第一天", "The last day lies before the first."),
    ProblemRule("slot.too_far", 422, "须在 {days} 天之内", "It must lie within {days} days."),
    ProblemRule("slot.no_day", 422, "所选日期内没有这些星期", "None of these weekdays lies within the days."),
    ProblemRule(
        "slot.too_many", 422, "一次最多开放 {limit} 个时段", "At most {limit} slots are opened at a time."
    ),
    ProblemRule(
        "slot.window",
        422,
        "时段须在 {earliest} 至 {latest} 之间，长 30 分钟至 6 小时",
        "A window lies between {earliest} and {latest} and takes 30 minutes to 6 hours.",
    ),
    ProblemRule(
        "slot.window_text",
        422,
        "看不懂时段“{text}”，请写成 8:30-10:00",
        "'{text}' is no window: write 8:30-10:00.",
    ),
    ProblemRule("slot.windows_overlap", 422, "所选时段互相重叠", "The windows overlap."),
    ProblemRule(
        "slot.below_booked",
        409,
        "已约 {booked} 户，容量不能更少",
        "{booked} visits are booked: the capacity cannot be less.",
    ),
    ProblemRule("slot.already_closed", 409, "所选时段都已停止预约", "Every one of the slots is closed."),
    ProblemRule("slot.not_closed", 409, "所选时段都在开放", "None of the slots is closed."),
)
