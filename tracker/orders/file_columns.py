"""The columns of a file of orders: their names in both languages, and what stands in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracker.files.titles import Titles

# Columns of the list of failed rows, so that it can be mended and brought again as it is.
LINE, REASON = "行号", "原因"
# Sheets of the template that are read by people only.
SHEET, EXPLANATION = "工单", "说明"


@dataclass(frozen=True)
class Column:
    """A column: its Chinese title, its place in an API request, whether it must be filled, what stands in
    it, an example, and the words that people use for the API's own.
    """

    zh: str
    pointer: str
    needed: bool
    meaning: str
    example: str = ""
    words: Mapping[str, str] = field(default_factory=dict)


FIELDS = {
    "external_reference": Column(
        "外部单号", "/external_reference", True, "渠道自己的单号，同一渠道内不重复，64 字以内", "BOSS-0001"
    ),
    "customer_kind": Column(
        "客户类型", "/customer/kind", True, "家庭 或 企业", "家庭", {"家庭": "home", "企业": "enterprise"}
    ),
    "customer_name": Column("客户姓名", "/customer/name", True, "个人姓名或单位名称，60 字以内", "陈小明"),
    "phone": Column("联系电话", "/customer/phone", True, "手机，或带区号的固定电话", "13800001234"),
    "credit_code": Column(
        "统一社会信用代码", "/customer/credit_code", False, "仅企业填写，18 位，凭后四位也可查询进度"
    ),
    "community_code": Column(
        "社区代码", "/address/community_code", True, "居委会、村委会的 12 位统计用区划代码", "441802006001"
    ),
    "address_detail": Column(
        "详细地址", "/address/detail", True, "社区（村）以下的地址，120 字以内", "北江路1号2栋301房"
    ),
    "plan": Column("方案编号", "/plan", True, "受理当日在售的资费方案", "24GD100001"),
    "resource": Column(
        "资源情况",
        "/resource",
        False,
        "具备 或 需建设；不填为具备",
        "具备",
        {"具备": "ready", "需建设": "needs_building"},
    ),
    "accepted_at": Column(
        "受理时间", "/accepted_at", False, "如 2026-11-08 09:30（北京时间）；不填为导入时", "2026-11-08 09:30"
    ),
    "dealer": Column("代理商", "/dealer", False, "经代理商受理时填写，60 字以内", "新城代理点"),
    "language": Column(
        "通知语言", "/language", False, "中文 或 英文；不填为中文", "中文", {"中文": "zh", "英文": "en"}
    ),
    "notify_by": Column(
        "通知方式", "/notify_by", False, "短信 或 电话；不填为短信", "短信", {"短信": "text", "电话": "call"}
    ),
    "needs_assistance": Column(
        "需要协助", "/needs_assistance", False, "是 或 否；老年人、残疾人等填 是，不填为否", "否"
    ),
}
# Field → its place in an API request.
COLUMNS = {name: column.pointer for name, column in FIELDS.items()}
COLUMN_OF = {pointer: name for name, pointer in COLUMNS.items()}
TITLES = tuple(column.zh for column in FIELDS.values())
EXAMPLE = (",".join(column.example for column in FIELDS.values()),)

_ALSO = {
    "渠道单号": "external_reference",
    "姓名": "customer_name",
    "客户名称": "customer_name",
    "电话": "phone",
    "手机": "phone",
    "手机号": "phone",
    "手机号码": "phone",
    "联系电话号码": "phone",
    "信用代码": "credit_code",
    "社会信用代码": "credit_code",
    "社区编码": "community_code",
    "区划代码": "community_code",
    "地址": "address_detail",
    "安装地址": "address_detail",
    "资费方案": "plan",
    "代理点": "dealer",
    "经销商": "dealer",
    "语言": "language",
}

HEADER = Titles(
    {name: column.zh for name, column in FIELDS.items()},
    [name for name, column in FIELDS.items() if column.needed],
    _ALSO,
    (LINE, REASON),
)
