"""Webhooks and deliveries in words."""

from tracker.orders.standing import N_
from tracker.webhooks.rules import RESTS_AFTER, Delivery, State, Why

TYPE_WORDS = {
    "order.accepted": N_("已受理"),
    "order.stage": N_("环节推进"),
    "order.hold": N_("缓装"),
    "order.resume": N_("恢复计时"),
    "order.repromise": N_("重新承诺"),
    "order.excuse": N_("免责说明"),
    "order.announcement": N_("节假日公布后重算"),
    "order.payment": N_("收款或退款"),
    "order.charge": N_("费用增减"),
    "order.appointment": N_("改约"),
    "order.assigned": N_("改派"),
    "test.ping": N_("测试"),
}
DELIVERY_WORDS = {
    Delivery.QUEUED: N_("等待前一事件"),
    Delivery.WAITING: N_("待投递"),
    Delivery.SENDING: N_("投递中"),
    Delivery.DELIVERED: N_("已送达"),
    Delivery.GIVEN_UP: N_("已放弃"),
}
DELIVERY_TONES = {Delivery.DELIVERED: "accent", Delivery.GIVEN_UP: "danger"}
PAUSED_WORDS = {
    Why.BY_HAND: N_("已手动暂停"),
    Why.FAILING: N_("持续失败，已自动暂停"),
    Why.GONE: N_("对方答复 410（不再接收），已自动暂停"),
}
_ERROR_WORDS = {
    "timeout": N_("超时未答复"),
    "refused": N_("连接被拒绝"),
    "unresolved": N_("域名无法解析"),
    "tls": N_("证书或加密连接有误"),
    "disconnected": N_("连接中断"),
    "connection": N_("无法建立连接"),
    "private_address": N_("指向内网地址，未发送"),
    "not_https": N_("不是 https，未发送"),
    "redirect": N_("要求跳转（不跟随）"),
    "unreadable": N_("答复无法解读"),
    "secret_unreadable": N_("密钥无法读取，未发送"),
    "event_missing": N_("事件已不存在"),
    "webhook_deleted": N_("回调已删除"),
}


def error_word(error: str) -> str:
    """A failure in words that are still to be translated; a status speaks for itself."""
    if error.startswith("http_"):
        return f"HTTP {error.removeprefix('http_')}"
    return _ERROR_WORDS.get(error, N_("未能发送"))


def standing(state: str, paused_why: str | None, failures: int) -> tuple[str, str]:
    """Tone and word of how a webhook stands; one that was paused by itself wants somebody to act."""
    if state == State.PAUSED:
        return "quiet" if paused_why == Why.BY_HAND else "danger", N_("已暂停")
    return ("warning", N_("失败中")) if failures >= RESTS_AFTER else ("accent", N_("启用"))
