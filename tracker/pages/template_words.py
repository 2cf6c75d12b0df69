"""Registered texts in words: what each is for, what stands in it, and what was done to it."""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext

from tracker.orders.standing import N_
from tracker.pages.order_event_words import Line, People
from tracker.pages.outage_request import Asked
from tracker.reference import OperatorFacts
from tracker.templates.extremes import LENGTHS, values_of
from tracker.templates.history import Deed
from tracker.templates.required import required_of
from tracker.templates.rules import Category, Preview, Template, preview
from tracker.templates.seed import SEED
from tracker.templates.vocabulary import EXAMPLES

CATEGORY_WORDS = {
    Category.PROGRESS: N_("进度"),
    Category.TARIFF: N_("资费"),
    Category.OUTAGE: N_("中断"),
    Category.CODE: N_("验证码"),
    Category.STAFF: N_("内部"),
}
PARAM_WORDS = {
    "number": N_("订单号"),
    "numbers": N_("几个订单号"),
    "deadline": N_("承诺期限"),
    "day": N_("日期"),
    "slot": N_("上门时段"),
    "hours": N_("上门钟点"),
    "installer": N_("装维员和工号"),
    "reason": N_("原因"),
    "finding": N_("核查结果"),
    "contact": N_("跟进人"),
    "phone": N_("热线和分机"),
    "count": N_("单数"),
    "hotline": N_("客服热线"),
    "signature": N_("签名"),
    "plan": N_("套餐和编号"),
    "effective": N_("生效日"),
    "old_fee": N_("原月费"),
    "new_fee": N_("新月费"),
    "summary": N_("变动内容"),
    "until": N_("到期日"),
    "window": N_("中断时间"),
    "area": N_("中断范围"),
    "duration": N_("时长"),
    "code": N_("验证码"),
    "complaint": N_("投诉编号"),
    "result": N_("办理结果"),
    "risks": N_("各种风险和单数"),
    "level": N_("督办级别"),
    "amount": N_("违约金"),
}
LENGTH_WORDS = {"shortest": N_("最短"), "usual": N_("通常"), "longest": N_("最长")}
STATE_WORDS = {
    "in_force": N_("使用中"),
    "waiting": N_("等待通道批准"),
    "refused": N_("通道未批准"),
    "former": N_("已被取代"),
    "product": N_("系统自带"),
}
STATE_TONES = {
    "in_force": "accent",
    "waiting": "warning",
    "refused": "danger",
    "former": "quiet",
    "product": "quiet",
}
DEED_WORDS = {
    "saved": N_("启用新版本"),
    "submitted": N_("已提交通道"),
    "approved": N_("通道已批准"),
    "refused": N_("通道未批准"),
    "drafted": N_("存草稿"),
    "discarded": N_("弃用草稿"),
}
APPROVAL_WORDS = {
    "submitted": N_("已提交"),
    "approved": N_("已批准"),
    "refused": N_("未批准"),
}
PROVIDER_WORDS = {"twilio": "Twilio", "aliyun": N_("阿里云")}

FIELDS = {
    "zh": Asked("zh", N_("中文正文")),
    "en": Asked("en", N_("英文正文")),
    "params": Asked("zh", N_("变量")),
    "reason": Asked("reason", N_("原因")),
    "provider": Asked("provider", N_("短信通道")),
    "state": Asked("state", N_("结果")),
    "provider_code": Asked("provider_code", N_("通道的模板编号")),
    "note": Asked("note", N_("说明")),
}


@dataclass(frozen=True)
class Look:
    """A wording with values of one length, in one language."""

    length: str
    language: str
    preview: Preview


@dataclass(frozen=True)
class Variable:
    """A parameter with its values, and whether every wording has to name it."""

    name: str
    example: str
    shortest: str
    longest: str
    required: bool


def own_values(operator: OperatorFacts, length: str, spoken: str) -> Mapping[str, str]:
    """The values of this length, with what an operator itself puts into every text."""
    values = values_of(length, spoken)
    own = {
        "hotline": operator.hotline,
        "signature": operator.signature,
        "phone": values["phone"].replace(EXAMPLES["hotline"], operator.hotline),
    }
    return {**values, **own}


def looks_of(template: Template, operator: OperatorFacts, part_cost_fen: float) -> list[Look]:
    """The wording with the shortest, the usual and the longest values, Chinese and English."""
    return [
        Look(length, spoken, preview(template, spoken, own_values(operator, length, spoken), part_cost_fen))
        for spoken in ("zh", "en")
        for length in LENGTHS
    ]


def variables_of(code: str, operator: OperatorFacts, spoken: str) -> list[Variable]:
    """What a text may name."""
    usual, shortest, longest = (
        own_values(operator, length, spoken) for length in ("usual", "shortest", "longest")
    )
    return [
        Variable(name, usual[name], shortest[name], longest[name], name in required_of(code))
        for name in SEED[code].params
    ]


def params_in(code: str, zh: str, en: str) -> list[str]:
    """The parameters that a wording names, in the order in which providers get them.

    What is none stays out, so that it is told at the text that has it. Where the braces do not hold, those of
    the product's own wording, so that the braces are what is told.
    """
    try:
        used = {name for text in (zh, en) for _, name, _, _ in string.Formatter().parse(text) if name}
    except ValueError:
        return list(SEED[code].params)
    return [name for name in SEED[code].params if name in used]


def deed_lines(deeds: Sequence[Deed], people: People) -> list[Line]:
    """What was done to a text, as lines of a history."""
    return [
        Line(
            kind=one.kind,
            word=gettext(DEED_WORDS[one.kind]),
            at=one.at,
            who=people.name(one.actor),
            why=one.why,
            details=tuple(
                said
                for said in (
                    gettext("第 %(version)s 版", version=one.version) if one.version else "",
                    gettext(PROVIDER_WORDS.get(one.provider, one.provider)) if one.provider else "",
                )
                if said
            ),
        )
        for one in deeds
    ]
