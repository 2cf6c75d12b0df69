"""What is wrong with a key, a signature, or a portal's request."""

from tracker.problems.rule import ProblemRule

RULES = (
    ProblemRule("key.expired", 401, "渠道密钥已过期", "The channel key has expired."),
    # Looking after keys.
    ProblemRule("key.not_found", 404, "没有这个渠道密钥", "There is no such channel key."),
    ProblemRule("key.ended", 409, "该密钥已过期或已吊销", "This key has expired or was revoked."),
    ProblemRule(
        "key.rotated",
        409,
        "该密钥已经轮换过。没有记下新密钥的，请轮换或吊销那个新密钥",
        "This key was rotated already. If its follower was not written down, rotate or revoke that one.",
    ),
    ProblemRule("key.overlap", 422, "并行期须为 0 至 {days} 天", "The overlap must be 0 to {days} days."),
    ProblemRule("key.scopes", 422, "至少选择一项权限：{scopes}", "A key needs at least one scope: {scopes}."),
    ProblemRule("key.ends_in_the_past", 422, "到期时间须晚于现在", "The key must end later than now."),
    ProblemRule(
        "key.rate_limit",
        422,
        "限额须写成“6000 per minute”的样子",
        "The limit must be written like '6000 per minute'.",
    ),
    # Signed requests.
    ProblemRule("signature.missing", 401, "签名缺少：{name}", "The signed request lacks {name}."),
    ProblemRule(
        "signature.timestamp",
        401,
        "签名的时间戳须为 1970 年以来的整数（{unit}）",
        "The timestamp of the signature must be whole {unit} since 1970.",
    ),
    ProblemRule(
        "signature.too_old",
        401,
        "签名时间早于 {seconds} 秒之前",
        "The request was signed more than {seconds} seconds ago.",
    ),
    ProblemRule(
        "signature.in_the_future",
        401,
        "签名时间晚于当前 {seconds} 秒以上，请校准时钟",
        "The request was signed more than {seconds} seconds from now; set the clock right.",
    ),
    ProblemRule(
        "signature.nonce",
        401,
        "签名的随机串须为 16 至 64 个可见字符",
        "The nonce of the signature must be 16 to 64 visible ASCII characters.",
    ),
    ProblemRule(
        "signature.wrong", 401, "签名与请求内容不符", "The signature does not belong to this request."
    ),
    ProblemRule(
        "signature.replayed",
        401,
        "该随机串已用过：同一请求不会处理两次，请重新签名",
        "This nonce was used before: sign the request anew with another one.",
    ),
    # A portal's requests.
    ProblemRule(
        "portal.reference_required",
        422,
        "须提供门户业务号或工单号",
        "The portal's own number of the order is needed, or ours.",
    ),
)
