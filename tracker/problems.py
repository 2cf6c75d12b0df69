"""Everything that can be wrong with what we are given: stable rule ids, status, words.

The same ids stand in API problems (RFC 9457), in import reports and on pages. An id is never
renamed or reused; callers' programs switch on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ProblemRule:
    """One rule: HTTP status of its breach, and what is said of it in Chinese and English."""

    id: str
    status: int
    zh: str
    en: str


_RULES = (
    # The shape of a request.
    ProblemRule("request.broken_json", 400, "请求体不是有效的 JSON", "The body is not valid JSON."),
    ProblemRule("request.too_large", 413, "请求体过大", "The body is too large."),
    ProblemRule(
        "request.media_type", 415, "请求体须为 application/json", "The body must be application/json."
    ),
    ProblemRule("request.not_found", 404, "没有这个地址", "There is nothing at this address."),
    ProblemRule("request.method", 405, "不支持此方法", "This method is not allowed here."),
    ProblemRule("request.malformed", 400, "请求格式不正确", "The request is malformed."),
    ProblemRule("request.too_many", 429, "请求过于频繁，请稍后再试", "Too many requests; try again later."),
    ProblemRule("request.forbidden", 403, "没有权限", "This is not allowed."),
    ProblemRule("key.missing", 401, "缺少渠道密钥", "A channel key is needed: Authorization: Bearer <key>."),
    ProblemRule("key.unknown", 401, "渠道密钥无效", "The channel key is not valid."),
    ProblemRule(
        "key.scope",
        403,
        "该渠道密钥没有此权限：{scope}",
        "The channel key may not do this; it lacks: {scope}.",
    ),
    ProblemRule("idempotency.missing", 400, "缺少 Idempotency-Key", "The Idempotency-Key header is missing."),
    ProblemRule(
        "idempotency.malformed",
        400,
        "Idempotency-Key 须为 1 至 255 个可见字符",
        "The Idempotency-Key header must be 1 to 255 visible ASCII characters.",
    ),
    ProblemRule(
        "idempotency.reused",
        422,
        "该 Idempotency-Key 已用于另一请求",
        "This Idempotency-Key was used for a different request.",
    ),
    ProblemRule(
        "idempotency.running",
        409,
        "同一 Idempotency-Key 的请求仍在处理",
        "A request with this Idempotency-Key is still being processed.",
    ),
    ProblemRule(
        "version.required",
        428,
        "缺少 If-Match",
        "The If-Match header is needed: the ETag of what is to be changed.",
    ),
    ProblemRule(
        "version.stale",
        412,
        "工单或任务已被他人更新，请刷新后重试",
        "It has been changed since; read it again.",
    ),
    ProblemRule(
        "callback.not_genuine",
        403,
        "无法确认回执来自短信服务商",
        "Nothing proves that the provider of texts sent this.",
    ),
    # The shape of a field.
    ProblemRule("field.required", 422, "必填", "This field is required."),
    ProblemRule("field.null", 422, "不能为空值", "This field may not be null."),
    ProblemRule("field.unknown", 422, "未知字段", "This field is unknown."),
    ProblemRule("field.type", 422, "类型不正确", "The value has the wrong type."),
    ProblemRule("field.empty", 422, "不能为空", "The value is empty."),
    ProblemRule("field.too_long", 422, "超过 {limit} 个字符", "The value is longer than {limit} characters."),
    ProblemRule("field.control_characters", 422, "含有控制字符", "The value contains control characters."),
    ProblemRule("field.choice", 422, "只能是：{choices}", "The value must be one of: {choices}."),
    ProblemRule(
        "field.timestamp",
        422,
        "须为带时区的 ISO 8601 时间",
        "The value must be an ISO 8601 date and time with a zone.",
    ),
    ProblemRule(
        "field.range", 422, "须在 {low} 与 {high} 之间", "The value must lie between {low} and {high}."
    ),
    ProblemRule("field.date", 422, "须为日期，如 2026-11-25", "The value must be a date like 2026-11-25."),
    ProblemRule(
        "field.time_of_day",
        422,
        "须为一天之内的时刻，如 17:00",
        "The value must be a time within the day, like 17:00.",
    ),
    ProblemRule("field.invalid", 422, "值不正确", "The value is not valid."),
    ProblemRule("phone.invalid", 422, "不是有效的电话号码", "This is not a valid telephone number."),
    # What an order says.
    ProblemRule("order.not_found", 404, "没有这个工单", "There is no such order."),
    ProblemRule("order.unknown_community", 422, "未知的社区（村）代码", "No community has this code."),
    ProblemRule("order.unknown_plan", 422, "没有在售的该资费方案", "No plan on sale has this filing number."),
    ProblemRule(
        "order.plan_audience", 422, "该资费不适用于此类客户", "The plan is not for this kind of customer."
    ),
    ProblemRule(
        "order.no_promise_rule", 422, "没有适用的承诺时限规则", "No promise rule covers such an order."
    ),
    ProblemRule(
        "order.accepted_in_future", 422, "受理时间晚于现在", "The time of acceptance lies in the future."
    ),
    ProblemRule(
        "order.accepted_too_old", 422, "受理时间早于两年前", "The acceptance lies over two years back."
    ),
    ProblemRule(
        "order.duplicate_reference",
        409,
        "该渠道已有同一外部单号、内容不同的工单",
        "The channel already has a different order with this external reference.",
    ),
    # How an order moves.
    ProblemRule(
        "order.illegal_move", 409, "当前环节不能转到该环节", "The order cannot move to this stage now."
    ),
    ProblemRule("order.in_the_future", 422, "发生时间晚于现在", "The time lies in the future."),
    ProblemRule(
        "order.before_last_stage", 422, "发生时间早于上一环节", "The time lies before the last stage."
    ),
    ProblemRule("order.reason_required", 422, "须填写原因", "A reason code is needed."),
    ProblemRule("order.reason_text_required", 422, "“其他”须说明原因", "The reason 'other' needs a text."),
    ProblemRule("order.appointment_required", 422, "须填写预约时段", "An appointment is needed."),
    ProblemRule(
        "order.appointment_not_expected", 422, "此环节不带预约时段", "This stage takes no appointment."
    ),
    ProblemRule(
        "order.appointment_times",
        422,
        "预约时段不正确（结束须晚于开始，不超过12小时，且在一年之内）",
        "The appointment must end after it begins, last at most 12 hours and lie within the year ahead.",
    ),
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
    ProblemRule("calendar.override_not_found", 404, "没有这条日历调整", "There is no such override."),
    # Registered texts.
    ProblemRule("template.not_found", 404, "没有这个短信模板", "There is no such text."),
    ProblemRule("template.unknown_parameter", 422, "未知的参数：{name}", "The parameter {name} is unknown."),
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
    # Payments.
    ProblemRule("payment.nothing", 422, "金额不能为零", "The amount must not be zero."),
    ProblemRule("payment.in_the_future", 422, "缴费时间晚于现在", "The time of payment lies in the future."),
    ProblemRule(
        "payment.duplicate_reference",
        409,
        "该缴费流水号已登记",
        "A payment with this reference is recorded already.",
    ),
    # Calls.
    ProblemRule("call.not_found", 404, "没有这个电话任务", "There is no such call task."),
    ProblemRule("call.closed", 409, "该电话任务已结束", "The call task is closed already."),
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
    # Files.
    ProblemRule("file.encoding", 422, "文件编码须为 UTF-8", "The file must be UTF-8."),
    ProblemRule("file.missing_column", 422, "缺少列：{column}", "The column {column} is missing."),
    ProblemRule("file.unknown_column", 422, "未知的列：{column}", "The column {column} is unknown."),
    ProblemRule(
        "file.row_width", 422, "列数与表头不符", "The row does not have as many cells as the header."
    ),
    ProblemRule("file.repeated_column", 422, "重复的列：{column}", "The column {column} stands twice."),
    # Ourselves.
    ProblemRule(
        "server.unavailable", 503, "系统暂时不可用，请稍后再试", "The service is unavailable for now."
    ),
    ProblemRule("server.error", 500, "系统出错，已记录", "Something failed here; it has been recorded."),
)

RULES: Mapping[str, ProblemRule] = {rule.id: rule for rule in _RULES}


@dataclass(frozen=True)
class Fault:
    """One breach: which rule, where (JSON pointer, empty for the whole), with what figures."""

    rule: str
    pointer: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    def words(self, language: str = "zh") -> str:
        """What is said of it, in zh or en."""
        rule = RULES[self.rule]
        return (rule.en if language == "en" else rule.zh).format(**self.params)


class Refusal(Exception):
    """What was asked cannot be done; nothing of it was stored. Carries every fault found."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(", ".join(fault.rule for fault in faults))
        self.faults = faults

    @property
    def status(self) -> int:
        """The HTTP status of the first fault."""
        return RULES[self.faults[0].rule].status


class RuleText(str):
    """A message that remembers its rule, so that it can pass through a library that wants text."""

    __slots__ = ("fault",)
    fault: Fault

    def __new__(cls, rule: str, **params: Any) -> "RuleText":
        fault = Fault(rule, "", params)
        text = super().__new__(cls, fault.words("en"))
        text.fault = fault
        return text

    def __copy__(self) -> "RuleText":
        return self

    def __deepcopy__(self, memo: Any) -> "RuleText":
        """Itself: nothing of it changes."""
        return self


def faults_in(messages: Any, pointer: str = "") -> list[Fault]:
    """The faults in marshmallow's nested messages, each with the JSON pointer of its place."""
    if isinstance(messages, Mapping):
        found = []
        for key, inner in messages.items():
            # A key may hold half a surrogate pair, which no answer could be written with.
            name = str(key).encode("utf-8", "replace").decode()
            step = "" if key == "_schema" else "/" + name.replace("~", "~0").replace("/", "~1")
            found += faults_in(inner, pointer + step)
        return found
    if isinstance(messages, list | tuple):
        return [fault for inner in messages for fault in faults_in(inner, pointer)]
    if isinstance(messages, RuleText):
        return [Fault(messages.fault.rule, pointer, messages.fault.params)]
    return [Fault("field.invalid", pointer)]
