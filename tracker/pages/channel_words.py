"""Channels and their keys in words."""

from tracker.channels.rules import KeyKind, KeyState
from tracker.orders.standing import N_

CHANNEL_WORDS = {
    "government_portal": N_("政务服务平台"),
    "app": N_("官方 APP"),
    "mini_program": N_("小程序"),
    "business_hall": N_("营业厅"),
    "service_centre": N_("行政服务中心"),
    "other": N_("其他渠道"),
}

KIND_WORDS = {KeyKind.BEARER: N_("随请求发送"), KeyKind.SIGNED: N_("签名")}
KIND_MEANINGS = {
    KeyKind.BEARER: N_("每次请求带上密钥（Authorization: Bearer）。对接最简单。"),
    KeyKind.SIGNED: N_("密钥不随请求发送，只用来计算签名；同一请求不能重放。适合政务平台等要求签名的系统。"),
}

STATE_WORDS = {
    KeyState.LIVE: N_("有效"),
    KeyState.ENDING: N_("即将到期"),
    KeyState.EXPIRED: N_("已过期"),
    KeyState.REVOKED: N_("已吊销"),
}
STATE_TONES = {KeyState.LIVE: "accent", KeyState.ENDING: "warning"}

SCOPE_WORDS = {
    "orders": N_("报装工单"),
    "rules": N_("承诺时限规则"),
    "calendar": N_("工作日历"),
    "templates": N_("短信模板"),
    "tariffs": N_("资费"),
    "subscribers": N_("在网用户"),
    "webhooks": N_("回调"),
}
SCOPE_MEANINGS = {
    "orders": N_("受理、查询、推进本渠道的工单，登记费用"),
    "rules": N_("发布和停用承诺时限规则"),
    "calendar": N_("调整工作日和休息日"),
    "templates": N_("保存短信文字"),
    "tariffs": N_("起草、发布资费，公告变动"),
    "subscribers": N_("读取和登记在网用户及其价格"),
    "webhooks": N_("设置回调，查看和重发投递"),
}

# Days that a new key is good for, as a form offers them; none is without end.
LIFETIMES = {"": N_("不限，直到吊销"), "90": N_("90 天"), "365": N_("1 年"), "730": N_("2 年")}

# Days that an old key goes on beside its follower.
OVERLAPS = {"7": N_("7 天"), "30": N_("30 天"), "1": N_("1 天"), "0": N_("立即停用原密钥")}
