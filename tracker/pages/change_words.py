"""Announced changes in words: kinds, how far each is, who was told, and the fields of their form."""

from dataclasses import dataclass

from tracker.orders.standing import N_
from tracker.pages.plan_words import GROUPS as PLAN_GROUPS
from tracker.pages.plan_words import Field as PlanField
from tracker.tariff_changes.overview import Standing
from tracker.tariff_changes.rules import Told
from tracker.tariffs.rules import ChangeKind

KIND_WORDS = {
    ChangeKind.PRICE: N_("调价"),
    ChangeKind.TERMS: N_("条款变更"),
    ChangeKind.TERM_END: N_("约定到期"),
}
KIND_MEANINGS = {
    ChangeKind.PRICE: N_("月费从同一天起变动。约定价格尚未到期的用户不受影响。"),
    ChangeKind.TERMS: N_("月费不变，服务内容、退订方式等从同一天起变动。"),
    ChangeKind.TERM_END: N_("优惠或合约期满的用户，各自从到期次日起恢复套餐月费。"),
}

STANDING_WORDS = {
    Standing.AWAITING: N_("待告知"),
    Standing.TELLING: N_("告知中"),
    Standing.BEGINNING: N_("陆续生效"),
    Standing.IN_EFFECT: N_("已生效"),
    Standing.WITHDRAWN: N_("已撤回"),
}
STANDING_TONES = {
    Standing.TELLING: "warning",
    Standing.BEGINNING: "warning",
    Standing.IN_EFFECT: "accent",
}

TOLD_WORDS = {
    Told.ON_TIME: N_("按时告知"),
    Told.LATE: N_("迟告知"),
    Told.WAITING: N_("待告知"),
    Told.NOT_REACHED: N_("未告知"),
}
TOLD_MEANINGS = {
    Told.ON_TIME: N_("生效前已告知满一个月，按公告执行"),
    Told.LATE: N_("自告知满一个月后才执行，此前按原价"),
    Told.WAITING: N_("尚未送达，仍来得及"),
    Told.NOT_REACHED: N_("已来不及，原价保持到告知满一个月"),
}
TOLD_TONES = {Told.ON_TIME: "accent", Told.LATE: "warning", Told.NOT_REACHED: "danger"}
UNWARNED = N_("未生成")
UNWARNED_MEANING = N_("还没到发送的时候，或下一次运行时生成")
BY_WORDS = {"text": N_("短信"), "call": N_("电话")}


@dataclass(frozen=True)
class Asked:
    """A field of the form: the name of its control, and its label."""

    written: str
    label: str


# What may change while it stays the same plan at the same price.
_KEPT = frozenset(
    ("filing_number", "region", "audience", "kind", "product", "monthly_fen", "on_sale_from", "on_sale_to")
)
GROUPS: tuple[tuple[str, tuple[PlanField, ...]], ...] = tuple(
    (title, kept)
    for title, fields in PLAN_GROUPS
    if (kept := tuple(field for field in fields if field.name not in _KEPT))
)
PLAN_FIELDS = {field.name: field for _, fields in GROUPS for field in fields}

# By the name that a fault has for them.
ASKED = {
    "filing_number": Asked("plan", N_("资费方案")),
    "effective_on": Asked("effective_on", N_("生效日")),
    "ends_from": Asked("ends_from", N_("约定到期日，从")),
    "ends_to": Asked("ends_to", N_("约定到期日，到")),
    "monthly_fen": Asked("monthly_fee", N_("新月费（元/月）")),
    "summary": Asked("summary", N_("短信里怎么说")),
    "summary_en": Asked("summary_en", N_("英文短信里怎么说")),
    "reason": Asked("reason", N_("原因")),
    "fields": Asked("fields", N_("变动内容")),
    "override/reason": Asked("override_reason", N_("照常公告的理由")),
}
# As the form shows them.
IN_ORDER = (*(name for name in ASKED if name != "override/reason"), *PLAN_FIELDS, "override/reason")
# What each kind of change is asked for beside its plan.
FIELDS_OF = {
    ChangeKind.PRICE: ("effective_on", "monthly_fee", "reason", "override_reason"),
    ChangeKind.TERMS: (
        "effective_on",
        "summary",
        "summary_en",
        *(field.written for field in PLAN_FIELDS.values()),
        "reason",
        "override_reason",
    ),
    ChangeKind.TERM_END: ("ends_from", "ends_to", "reason", "override_reason"),
}
