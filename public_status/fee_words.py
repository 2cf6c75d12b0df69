"""A plan in words: the fields of the operators' fee pages (资费专区), grouped as customers ask for them."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _

from public_status.fee_rules import Offer
from public_status.published import PlanVersion, PublishedPlan
from tracker import clock
from tracker.orders.standing import N_
from tracker.pages import wording
from tracker.tariffs.rules import in_force_on, sold_until

AUDIENCE_WORDS = {"home": N_("家庭宽带"), "enterprise": N_("企业宽带")}
KIND_WORDS = {
    "套餐": N_("套餐"),
    "加装包": N_("加装包"),
    "营销活动": N_("营销活动"),
    "国际": N_("国际"),
    "标准资费": N_("标准资费"),
    "其他": N_("其他"),
}


@dataclass(frozen=True)
class Field:
    """One line: what it is called, what it says (in parts), and whether that is Chinese as it was filed.

    `day` is the date that it says, for programs; `path` leads to what comes after it, called `onward`.
    """

    name: str
    label: str
    parts: tuple[str, ...]
    filed: bool = False
    day: date | None = None
    path: str = ""
    onward: str = ""

    @property
    def text(self) -> str:
        """All of it in one line."""
        return "；".join(self.parts)


@dataclass(frozen=True)
class Group:
    """Fields that are read together."""

    name: str
    title: str
    fields: tuple[Field, ...]


def groups_of(offer: Offer, language: str) -> list[Group]:
    """Everything that is published of a version, in the reader's language; what is not stated is left out.

    Wordings that were filed in Chinese only are given as filed.
    """
    plan, version = offer.plan, offer.version
    groups = [
        Group("cost", _("费用"), _costs(version, language)),
        Group("services", _("服务内容"), _services(version, language)),
        Group("terms", _("办理和使用条件"), _terms(plan, version, language)),
        Group("leaving", _("退订和违约"), _leaving(version)),
        Group("record", _("备案信息"), _record(plan, version, language)),
    ]
    return [
        Group(group.name, group.title, stated)
        for group in groups
        if (stated := tuple(field for field in group.fields if field.parts))
    ]


def name_of(version: PlanVersion, language: str) -> str:
    """The plan's name in the reader's language."""
    return version.name_en if language == "en" and version.name_en else version.name


def one_off(fen: int, language: str) -> str:
    """A fee that is paid once."""
    return wording.money(fen, language) if fen else _("免费")


def _costs(version: PlanVersion, language: str) -> tuple[Field, ...]:
    return (
        Field("monthly", _("月费"), (wording.monthly(version.monthly_fen, language),)),
        Field("installation", _("安装费（一次性）"), (one_off(version.installation_fen, language),)),
        Field("commissioning", _("调测费（一次性）"), (one_off(version.commissioning_fen, language),)),
        _filed("overage", _("超出资费"), version.overage),
    )


def _services(version: PlanVersion, language: str) -> tuple[Field, ...]:
    speeds = " / ".join(
        wording.bandwidth(mbps, language) for mbps in (version.download_mbps, version.upload_mbps)
    )
    return (
        Field("bandwidth", _("下行 / 上行带宽"), (speeds,)),
        _translated("services", _("服务内容"), version.services, version.services_en, language),
        _filed("voice", _("语音"), version.voice),
        _filed("data", _("流量"), version.data),
        _filed("iptv", "IPTV", version.iptv),
        _filed("benefits", _("权益"), version.benefits),
        _filed("other_services", _("其他服务内容"), version.other_services),
    )


def _terms(plan: PublishedPlan, version: PlanVersion, language: str) -> tuple[Field, ...]:
    return (
        _translated("restrictions", _("限制条件"), version.restrictions, version.restrictions_en, language),
        _filed("scope", _("适用范围"), version.scope),
        Field("region", _("适用地区"), (plan.region_name,), filed=True),
        _filed("sales_channels", _("销售渠道"), version.sales_channels),
        _filed("validity", _("有效期限"), version.validity),
        _filed("stay", _("在网要求"), version.stay),
    )


def _leaving(version: PlanVersion) -> tuple[Field, ...]:
    return (
        _filed("cancellation", _("退订方式"), version.cancellation),
        _filed("liability", _("违约责任"), version.liability),
    )


def _record(plan: PublishedPlan, version: PlanVersion, language: str) -> tuple[Field, ...]:
    published_on = clock.local_date(version.published_at)
    return (
        Field("filing_number", _("方案编号"), (plan.filing_number,)),
        Field("kind", _("资费类型"), (_(KIND_WORDS[version.kind]),)),
        Field("on_sale_from", _("上线日期"), _said(version.on_sale_from, language), day=version.on_sale_from),
        _last_day(plan, version, language),
        Field("published_on", _("公布日期"), _said(published_on, language), day=published_on),
        _filed("remark", _("其他说明"), version.remark),
    )


def _last_day(plan: PublishedPlan, version: PlanVersion, language: str) -> Field:
    """Until when a version holds: where the next one takes over, the plan itself goes on."""
    last = sold_until(version, plan.versions)
    said = _said(last, language)
    after = in_force_on(plan.versions, last + timedelta(days=1)) if last is not None else None
    if after is None or last == version.on_sale_to:
        return Field("on_sale_to", _("下线日期"), said or (_("未定"),), day=last)
    return Field(
        "holds_until",
        _("本版执行至"),
        said,
        day=last,
        path=f"{plan.path}?version={after.version}",
        onward=_("第%(version)s版", version=after.version),
    )


def _said(day: date | None, language: str) -> tuple[str, ...]:
    return (wording.long_day(day, language),) if day is not None else ()


def _filed(name: str, label: str, text: str) -> Field:
    return Field(name, label, tuple(wording.clauses(text, "zh")), filed=True)


def _translated(name: str, label: str, chinese: str, english: str, language: str) -> Field:
    if language == "en" and english:
        return Field(name, label, tuple(wording.clauses(english, "en")))
    return _filed(name, label, chinese)
