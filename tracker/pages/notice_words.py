"""Notices in words, for the staff pages: what each text is, how it stands, and why it did not arrive."""

import re

from flask_babel import gettext

from tracker.notices.board import KIND_OF
from tracker.notices.rules import State
from tracker.orders.standing import N_
from tracker.pages.text_names import TEXT_NAMES

KIND_WORDS = {
    "delivered": N_("已送达"),
    "sent": N_("已发出，未回执"),
    "waiting": N_("待发送"),
    "unknown": N_("待确认"),
    "failed": N_("未送达"),
    "call": N_("改由人工致电"),
    "cancelled": N_("已取消"),
}
# Marks and colours of each; charts use the same.
KIND_TONES = {
    "delivered": "accent",
    "sent": "accent",
    "waiting": "quiet",
    "unknown": "warning",
    "failed": "danger",
    "call": "warning",
    "cancelled": "quiet",
}

PROVIDER_WORDS = {
    "-": N_("没有交给服务商"),
    "recording": N_("演示网关"),
    "twilio": N_("Twilio（海外网关）"),
    "aliyun": N_("阿里云"),
}

QUEUE_WORDS = {
    "urgent": N_("紧急"),
    "progress": N_("进度"),
    "bulk": N_("批量"),
}

STUCK_WORDS = {
    "due_not_sent": N_("到时间还没发出"),
    "sending_past_its_lease": N_("发送中断"),
    "unknown": N_("待确认"),
    "call_overdue": N_("致电超时"),
}

ATTEMPT_WORDS = {
    "accepted": N_("服务商已接收"),
    "refused_number": N_("被拒收：号码"),
    "refused_content": N_("被拒收：内容"),
    "refused_account": N_("被拒收：账户"),
    "not_sent": N_("没有发出"),
    "unknown": N_("不知道是否发出"),
}

RECEIPT_WORDS = {
    "queued": N_("排队中"),
    "sending": N_("发送中"),
    "sent": N_("已发出"),
    "delivered": N_("已送达"),
    "DELIVERED": N_("已送达"),
    "undelivered": N_("未送达"),
    "failed": N_("发送失败"),
}

# What providers' codes say, in the words of people who have never read their documents.
_CODES = {
    "20003": N_("短信账户余额不足或认证失败"),
    "20005": N_("短信账户未启用"),
    "21211": N_("号码不存在或格式不对"),
    "21217": N_("号码不存在或格式不对"),
    "21401": N_("号码不存在或格式不对"),
    "21421": N_("号码不存在或格式不对"),
    "21408": N_("账户没有开通这个地区"),
    "21608": N_("试用账户，只能发给已验证的号码"),
    "21610": N_("客户已退订短信"),
    "21611": N_("服务商发送队列已满"),
    "21612": N_("服务商到不了这个号码"),
    "21614": N_("不是手机号码"),
    "21617": N_("短信太长"),
    "21635": N_("是固定电话"),
    "30001": N_("服务商发送队列已满"),
    "30002": N_("短信账户被停用"),
    "30003": N_("手机关机或不在服务区"),
    "30004": N_("手机拦截了短信"),
    "30005": N_("空号或停机"),
    "30006": N_("固定电话，或运营商不通"),
    "30007": N_("被运营商当作垃圾短信拦截"),
    "30008": N_("运营商没有说明原因"),
    "isv.MOBILE_NUMBER_ILLEGAL": N_("号码不存在或格式不对"),
    "isv.BLACK_LIST": N_("号码在服务商黑名单中"),
    "isv.AMOUNT_NOT_ENOUGH": N_("短信账户余额不足或认证失败"),
    "isv.OUT_OF_SERVICE": N_("短信账户被停用"),
    "isv.SMS_SIGNATURE_ILLEGAL": N_("短信签名未通过审核"),
    "isv.SMS_TEMPLATE_ILLEGAL": N_("短信模板未通过审核"),
    "isv.TEMPLATE_STATE_ILLEGAL": N_("短信模板未通过审核"),
    "isv.DAY_LIMIT_CONTROL": N_("超过账户每日上限"),
    "isv.MONTH_LIMIT_CONTROL": N_("超过账户每月上限"),
    "isv.BUSINESS_LIMIT_CONTROL": N_("短时间内发得太多"),
    "MK:0001": N_("手机关机或不在服务区"),
    "MOBILE_NOT_ON_SERVICE": N_("空号或停机"),
    "MOBILE_ACCOUNT_ABNORMAL": N_("空号或停机"),
    "MOBILE_IN_BLACK": N_("号码在运营商黑名单中"),
    "MOBILE_TERMINAL_ERROR": N_("手机终端问题"),
    "NO_ROUTE": N_("服务商到不了这个号码"),
    "SP_NOT_BY_INTER_SMS": N_("客户未开通这类短信"),
}
_UNDELIVERED = N_("未送达")
# Our own sentences, as notices keep them; the first that fits. Of what a provider said the code is kept.
_SENTENCES = (
    (r"refused \(number\): (.*)", N_("号码被拒收")),
    (r"refused \(content\): (.*)", N_("内容被拒收")),
    (r"refused \(account\): (.*)", N_("账户被拒")),
    (r"account refused: (.*)", N_("账户被拒，修复后自动再发")),
    (r"undelivered: (?:\S+ )?(\S+)", _UNDELIVERED),
    (r"found (?:undelivered|failed)()", N_("未送达")),
    (r"not sent in \d+ attempts(?:: (.*))?", N_("多次发送都没有成功")),
    (r"not confirmed within \d+ h()", N_("一直没有送达回执")),
    (
        r"(?:the provider (?:cannot|did not) say: )?no provider .* is set up()",
        N_("服务商已停用，问不到是否收到"),
    ),
    (r"the provider (?:cannot|did not) say: (.*)", N_("服务商答不出是否收到")),
    (r"the provider does not have it()", N_("服务商没有收到，会再发")),
    (r"not found once()", N_("服务商那里暂时没有查到")),
    (r"the worker did not report back()", N_("发送时程序中断，正在核对")),
    (r"the number is a landline()", N_("固定电话，收不到短信")),
    (r"the customer wants no text()", N_("客户要求电话告知")),
    (r"the same text was sent as often as it may be()", N_("相同短信已发到上限")),
    (r"a person was asked to call()", N_("工作人员要求致电")),
    (r"a person calls instead()", N_("改由人工致电")),
    (r"another contact phone()", N_("联系电话已变更")),
    (r"another appointment: .*()", N_("上门时间已变更")),
    (r"a later step: .*()", N_("订单已到下一步，由后一条短信告知")),
    (r"the order went on: .*()", N_("订单已到下一步，由后一条短信告知")),
    (r"the first one arrived after all()", N_("第一条后来送达了")),
    (r"the code is not good any more()", N_("验证码已过期")),
)
_NAMED = [(re.compile(pattern), words) for pattern, words in _SENTENCES]


def template(code: str) -> str:
    """What a text is called, in the language of the page."""
    return gettext(TEXT_NAMES[code]) if code in TEXT_NAMES else code


def provider(name: str | None) -> str:
    """What a provider is called, in the language of the page."""
    known = PROVIDER_WORDS.get(name or "-")
    return gettext(known) if known else name or ""


def code(said: str) -> str:
    """What a provider's code says; the code itself where nobody has put it into words."""
    return gettext(_CODES[said]) if said in _CODES else said


def attempt_detail(said: str) -> str:
    """What a provider said of an attempt: its code in words, else all of it."""
    first = said.split(" ", 1)[0]
    return code(first) if first in _CODES else said


def reason(kept: str | None) -> str:
    """Why a notice stands as it does, in the language of the page; empty where it says nothing."""
    for pattern, words in _NAMED:
        found = pattern.fullmatch(kept or "")
        if found:
            detail = found[1] or ""
            if detail in _CODES and words == _UNDELIVERED:
                # What the code says is said of nothing else.
                return code(detail)
            return f"{gettext(words)}{gettext('：')}{code(detail)}" if detail else gettext(words)
    return code(kept or "")


def kind_of(state: str) -> str:
    """How people call a state."""
    return KIND_OF[State(state)]
