"""What is wrong with a request and its fields, or with ourselves."""

from tracker.problems.rule import ProblemRule

RULES = (
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
        "已被他人更新，请刷新后重试",
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
    # Ourselves.
    ProblemRule(
        "server.unavailable", 503, "系统暂时不可用，请稍后再试", "The service is unavailable for now."
    ),
    ProblemRule("server.error", 500, "系统出错，已记录", "Something failed here; it has been recorded."),
)
