"""A plan in words: its fields by group, as a form asks for them and as a page shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracker.orders.standing import N_
from tracker.pages import wording
from tracker.tariffs.rules import Standing
from tracker.tariffs.schemas import PlanDraftSchema
from tracker.tariffs.written import FEES, SPEEDS, WRITTEN_OF

STANDING_WORDS = {
    Standing.DRAFT: N_("草稿"),
    Standing.UPCOMING: N_("待上线"),
    Standing.ON_SALE: N_("在售"),
    Standing.ENDED: N_("已下线"),
    Standing.NEVER_BEGAN: N_("未上线即撤回"),
    Standing.PRESENT_ONLY: N_("仅在网用户"),
    Standing.DISCARDED: N_("已作废"),
}
STANDING_TONES = {Standing.UPCOMING: "warning", Standing.ON_SALE: "accent"}

AUDIENCE_WORDS = {"home": N_("家庭"), "enterprise": N_("企业")}
KIND_WORDS = {
    "套餐": N_("套餐"),
    "加装包": N_("加装包"),
    "营销活动": N_("营销活动"),
    "国际": N_("国际"),
    "标准资费": N_("标准资费"),
    "其他": N_("其他"),
}
PRODUCT_WORDS = {"broadband": N_("宽带"), "dedicated_line": N_("专线")}

EVENT_WORDS = {
    "drafted": N_("起草"),
    "edited": N_("修改"),
    "published": N_("已发布"),
    "withdrawn": N_("已撤下"),
    "resumed": N_("已恢复销售"),
}


@dataclass(frozen=True)
class Field:
    """One field of a plan: how it is asked for, and the words around it."""

    name: str
    label: str
    help: str = ""
    needed: bool = False
    lines: int = 1

    @property
    def written(self) -> str:
        """Its name in a form, where fees are in yuan."""
        return WRITTEN_OF[self.name]

    @property
    def control(self) -> str:
        """What a form asks for it with: choice, day, fee, speed, product, line or lines."""
        if self.name in ("region", "audience", "kind"):
            return "choice"
        if self.name in ("on_sale_from", "on_sale_to"):
            return "day"
        if self.name in FEES.values():
            return "fee"
        if self.name in SPEEDS:
            return "speed"
        if self.name == "product":
            return "product"
        return "lines" if self.lines > 1 else "line"

    @property
    def limit(self) -> int:
        """The most characters that it takes."""
        return int(getattr(_SCHEMA[self.name], "limit", 20))

    @property
    def english(self) -> bool:
        """Whether it is written in English."""
        return self.name.endswith("_en")


_SCHEMA = PlanDraftSchema().fields

GROUPS: tuple[tuple[str, tuple[Field, ...]], ...] = (
    (
        N_("基本信息"),
        (
            Field("filing_number", N_("方案编号"), N_("备案编号，如 24GD100001"), needed=True),
            Field("name", N_("资费名称"), needed=True),
            Field("kind", N_("资费类型"), needed=True),
            Field("audience", N_("适用客户"), needed=True),
            Field("region", N_("适用地区"), needed=True),
            Field("scope", N_("适用范围"), N_("谁可以办，如“清远市内个人客户，限新装”")),
            Field(
                "product", N_("产品"), N_("时限规则所用的产品代码：宽带为 broadband，专线为 dedicated_line")
            ),
        ),
    ),
    (
        N_("价格"),
        (
            Field("monthly_fen", N_("资费标准（元/月）"), needed=True),
            Field("installation_fen", N_("安装费（元，一次性）"), N_("没有填 0"), needed=True),
            Field("commissioning_fen", N_("调测费（元，一次性）"), N_("没有填 0"), needed=True),
            Field("overage", N_("超出资费"), lines=2),
        ),
    ),
    (
        N_("服务内容"),
        (
            Field("download_mbps", N_("下行带宽（M）"), N_("没有带宽填 0")),
            Field("upload_mbps", N_("上行带宽（M）"), N_("没有带宽填 0")),
            Field("services", N_("服务内容"), N_("发布前必填。每行一条"), lines=4),
            Field("voice", N_("语音")),
            Field("data", N_("流量")),
            Field("iptv", N_("IPTV")),
            Field("benefits", N_("权益"), lines=2),
            Field("other_services", N_("其他服务内容"), lines=2),
        ),
    ),
    (
        N_("限制与约定"),
        (
            Field(
                "restrictions",
                N_("限制条件"),
                N_("发布前必填，用通俗的话，每行一条；没有限制写“无”"),
                lines=4,
            ),
            Field("validity", N_("有效期限")),
            Field("stay", N_("在网要求")),
            Field("cancellation", N_("退订方式"), lines=2),
            Field("liability", N_("违约责任"), lines=2),
        ),
    ),
    (
        N_("销售"),
        (
            Field("sales_channels", N_("销售渠道")),
            Field("on_sale_from", N_("上线日期"), N_("不早于发布当天"), needed=True),
            Field("on_sale_to", N_("下线日期"), N_("未定可不填；有新版本时自动由新版本接替")),
            Field("remark", N_("其他说明"), lines=2),
        ),
    ),
    (
        N_("英文"),
        (
            Field("name_en", N_("英文名称"), N_("英文不填时，英文页面显示中文")),
            Field("services_en", N_("服务内容（英文）"), lines=4),
            Field("restrictions_en", N_("限制条件（英文）"), lines=4),
        ),
    ),
)
FIELDS = {field.name: field for _, fields in GROUPS for field in fields}


def shown(name: str, value: Any, language: str, regions: Mapping[str, str], say: Any) -> str:
    """One field's value as people read it, empty where nothing was said. `say` translates a word."""
    if value is None or value == "":
        return ""
    if name in FEES.values():
        return wording.monthly(value, language) if name == "monthly_fen" else wording.money(value, language)
    if name in SPEEDS:
        return wording.bandwidth(value, language) if value else ""
    if name in ("on_sale_from", "on_sale_to"):
        return wording.long_day(wording.as_day(value), language)
    if name == "region":
        return regions.get(value, value)
    words = {"audience": AUDIENCE_WORDS, "kind": KIND_WORDS, "product": PRODUCT_WORDS}.get(name, {})
    return say(words[value]) if value in words else str(value)
