"""The columns of a file of plans: their names in both languages, and what stands in them."""

from dataclasses import dataclass

from tracker.files.titles import Titles


@dataclass(frozen=True)
class Column:
    """A column: its Chinese name as the operators' fee pages have it, whether it must be filled, what
    stands in it, and an example.
    """

    zh: str
    needed: bool
    meaning: str
    example: str = ""


# By the names of written.WRITTEN, in their order.
COLUMNS = {
    "filing_number": Column("方案编号", True, "备案编号，一般为两位年份、省份代码加六位数字", "24GD100001"),
    "region": Column("适用地区", True, "“全市”，或县（市、区）名称或代码", "全市"),
    "audience": Column("适用客户", True, "家庭 或 企业", "家庭"),
    "kind": Column("资费类型", True, "套餐、加装包、营销活动、国际、标准资费、其他", "套餐"),
    "product": Column("产品", False, "宽带 或 专线，或时限规则所用的产品代码；不填为宽带", "宽带"),
    "name": Column("资费名称", True, "80 字以内", "千兆家庭套餐"),
    "name_en": Column("英文名称", False, "不填则英文页显示中文", "Gigabit home plan"),
    "monthly_fee": Column("资费标准", True, "每月，元，最多两位小数", "129"),
    "installation_fee": Column("安装费", True, "一次性，元；没有填 0", "100"),
    "commissioning_fee": Column("调测费", True, "一次性，元；没有填 0", "0"),
    "download_mbps": Column("下行带宽", False, "M；加装包等没有带宽的不填", "1000"),
    "upload_mbps": Column("上行带宽", False, "M", "100"),
    "services": Column("服务内容", False, "发布前必填；分号或换行分条", "1000M宽带；IPTV 1路"),
    "services_en": Column("服务内容英文", False, "", "1,000 Mbit/s broadband; one IPTV"),
    "restrictions": Column("限制条件", False, "发布前必填，用通俗的话；没有写“无”", "合约期24个月"),
    "restrictions_en": Column("限制条件英文", False, "", "24-month term"),
    "scope": Column("适用范围", False, "谁可以办", "清远市内个人客户，限新装"),
    "sales_channels": Column("销售渠道", False, "", "营业厅、官方APP、小程序"),
    "validity": Column("有效期限", False, "", "24个月，到期后按月续用"),
    "stay": Column("在网要求", False, "", "24个月"),
    "cancellation": Column("退订方式", False, "", "营业厅或客服热线办理，次月生效"),
    "liability": Column("违约责任", False, "", "提前拆机按剩余月数每月20元补偿"),
    "voice": Column("语音", False, "", "国内语音300分钟/月"),
    "data": Column("流量", False, "", "国内流量30GB/月"),
    "iptv": Column("IPTV", False, "", "1路，基础节目包"),
    "benefits": Column("权益", False, "", ""),
    "overage": Column("超出资费", False, "", "语音0.15元/分钟；流量5元/GB"),
    "other_services": Column("其他服务内容", False, "", ""),
    "remark": Column("其他说明", False, "", ""),
    "on_sale_from": Column("上线日期", True, "如 2026-11-25", "2027-01-01"),
    "on_sale_to": Column("下线日期", False, "不填或“长期”为未定", "长期"),
}

# Columns of the list of refused rows, so that it can be mended and brought again as it is.
LINE, REASON = "原行号", "未导入原因"

# Names that the fee pages also use.
_ALSO = {"地区": "region", "客户类型": "audience", "月费": "monthly_fee", "备注": "remark"}

HEADER = Titles(
    {field: column.zh for field, column in COLUMNS.items()},
    [field for field, column in COLUMNS.items() if column.needed],
    _ALSO,
    (LINE, REASON),
)


def field_of(name: str) -> str | None:
    """The field that a column stands for; None for one that is to be passed over."""
    return HEADER.field_of(name)
