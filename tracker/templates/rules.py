"""What a registered text must be like, and what it will look like: pure decisions."""

import re
import string
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tracker.problems import Fault
from tracker.templates.length import parts, units
from tracker.templates.vocabulary import EXAMPLES, EXAMPLES_EN


class Category(StrEnum):
    """What a text is about, as carriers register it."""

    PROGRESS = "progress"  # 进度通知
    TARIFF = "tariff"  # 资费变动
    OUTAGE = "outage"  # 中断公告
    CODE = "code"  # 验证码
    STAFF = "staff"  # to an operator's own people


@dataclass(frozen=True)
class Template:
    """One registered text. `params` in the order in which a provider gets them.

    `queue` is the lane it is sent in. `any_hour`: it may leave outside the send window. `coalesces`: a
    later step of the same order, told within minutes, takes its place. `must_arrive`: it is never
    simply dropped; a person calls where it cannot be shown to have arrived. `always_new`: no two of
    them can be alike. `operator_id` is set for an operator's own wording.
    """

    code: str
    version: int
    params: tuple[str, ...]
    zh: str
    en: str
    queue: str
    category: Category = Category.PROGRESS
    any_hour: bool = False
    coalesces: bool = False
    must_arrive: bool = False
    always_new: bool = False
    operator_id: int | None = None

    def text(self, language: str) -> str:
        """The wording in zh or en, with its places for parameters."""
        return self.en if language == "en" else self.zh

    def render(self, language: str, values: Mapping[str, str]) -> str:
        """The text in zh or en. Raises KeyError for a parameter that is not given."""
        wanted = {name: values[name] for name in self.params}
        return self.text(language).format(**wanted)


@dataclass(frozen=True)
class Preview:
    """A text as it will look, its length in UTF-16 units, the parts it is billed as, and their price.

    `cost_fen` is in fen (分), which a part may cost less than one of.
    """

    body: str
    units: int
    parts: int
    cost_fen: float


# What is longer is a letter, and belongs on the website.
MOST_PARTS = 4

_SIGNATURE = "【{signature}】"
# Carriers in China refuse texts with these.
_REFUSED = frozenset("¥￥★☆◆◇●○■□▲△※→←↑↓♥♦")
_LINK = re.compile(
    r"https?:|www\.|[a-z0-9-]+\.(com|cn|net|org|gov|edu|top|xyz|vip|link|me)(?![a-z0-9])", re.IGNORECASE
)
# A service message that sells something is an advertisement, which needs consent (广告法 43).
_ADVERTISING = (
    "优惠", "促销", "特价", "折扣", "打折", "抽奖", "中奖", "红包", "返现", "秒杀", "大礼包", "赠送",
    "免费领", "限时", "抢购", "会员日", "discount", "promotion", "lucky draw", "gift", "sale",
)  # fmt: skip


def faults_of(template: Template, given: Collection[str] = EXAMPLES.keys()) -> list[Fault]:
    """Every rule that a wording breaks, each with the pointer of its language.

    `given`: the parameters that it may choose from.
    """
    faults = [
        Fault("template.unknown_parameter", "/params", {"name": name, "names": ", ".join(given)})
        for name in template.params
        if name not in EXAMPLES
    ]
    if len(set(template.params)) < len(template.params):
        faults.append(Fault("template.repeated_parameter", "/params"))
    for language in ("zh", "en"):
        faults += _faults_of_text(template, language, given)
    return faults


def _faults_of_text(template: Template, language: str, given: Collection[str]) -> list[Fault]:
    text, place = template.text(language), f"/{language}"
    try:
        used = [
            (name, spec, conversion)
            for _, name, spec, conversion in string.Formatter().parse(text)
            if name is not None
        ]
    except ValueError:
        return [Fault("template.braces", place)]
    faults = []
    if any(spec or conversion or not name for name, spec, conversion in used):
        faults.append(Fault("template.braces", place))
    names = {name for name, _, _ in used if name}
    if strange := sorted(names - {*template.params, *given}):
        told = {"name": ", ".join(strange), "names": ", ".join(given)}
        faults.append(Fault("template.unknown_parameter", place, told))
    elif names != set(template.params):
        faults.append(Fault("template.parameters_differ", place, {"names": ", ".join(template.params)}))
    if not text.endswith(_SIGNATURE) or text.count("【") != 1:
        faults.append(Fault("template.signature", place))
    refused = _refused(text)
    if refused:
        faults.append(Fault("template.refused_character", place, {"characters": " ".join(refused)}))
    if _LINK.search(text):
        faults.append(Fault("template.link", place))
    words = _advertising(text)
    if words:
        faults.append(Fault("template.advertising", place, {"words": ", ".join(words)}))
    # One that is unknown has no example to measure by; it is told where parameters are.
    known = set(template.params) <= EXAMPLES.keys()
    if not faults and known and preview(template, language).parts > MOST_PARTS:
        faults.append(Fault("template.too_long", place, {"parts": MOST_PARTS}))
    return faults


def unsuitable(value: str) -> list[str]:
    """What of a parameter's value no text may hold: signs that carriers refuse, links, advertising words."""
    brackets = [char for char in "【】" if char in value]
    return [
        *_refused(value),
        *brackets,
        *(found.group() for found in _LINK.finditer(value)),
        *_advertising(value),
    ]


def _refused(text: str) -> list[str]:
    return sorted({char for char in text if not _is_plain(char)})


def _advertising(text: str) -> list[str]:
    folded = text.casefold()
    return [word for word in _ADVERTISING if re.search(_bounded(word), folded)]


def _bounded(word: str) -> str:
    return rf"\b{word}\b" if word.isascii() else word


def _is_plain(char: str) -> bool:
    """Whether every carrier takes the character: no sign it refuses, no emoji, nothing invisible."""
    return (
        char not in _REFUSED and ord(char) < 0x10000 and unicodedata.category(char)[0] not in ("C", "Z")
    ) or char == " "


def preview(
    template: Template, language: str, values: Mapping[str, str] | None = None, part_cost_fen: float = 0.0
) -> Preview:
    """What the text looks like with these values; examples stand for those not given."""
    examples = EXAMPLES_EN if language == "en" else EXAMPLES
    body = template.render(language, {**examples, **(values or {})})
    return Preview(body, units(body), parts(body), parts(body) * part_cost_fen)
