"""What a customer agrees to with a plan (限制与约定), and through which ways in the plan is sold."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from tracker.tariffs.models import Plan

# In the order in which they are told.
TERMS = (
    "restrictions",  # 限制条件
    "stay",  # 在网要求
    "validity",  # 有效期限
    "liability",  # 违约责任
    "cancellation",  # 退订方式
    "overage",  # 超出资费
    "other_services",  # 其他服务内容, which are charged for besides
)
_SAYS_NOTHING = ("", "无", "没有", "无限制", "—", "-", "none")
# What binds: where none of these says anything, there is nothing to acknowledge.
_BINDING = ("restrictions", "stay", "liability", "overage")

# Words of a published 销售渠道 by which a kind of channel is meant; the first say it of every channel.
_EVERY_CHANNEL = ("全渠道", "各渠道", "所有渠道", "全部渠道", "不限")
_CHANNEL_WORDS = {
    "business_hall": ("营业厅", "自有厅", "合作厅", "线下", "网点", "门店"),
    "service_centre": ("行政服务中心", "政务服务中心", "政务大厅", "线下", "网点"),
}
_ONLINE_HALLS = ("网上营业厅", "掌上营业厅", "手机营业厅", "线上营业厅")


@dataclass(frozen=True)
class Terms:
    """The terms of one version of a plan. What was published never changes, so the version's id and
    `digest` prove which words somebody was told.
    """

    plan_id: int
    words: Mapping[str, str]
    restrictions_en: str
    download_mbps: int
    upload_mbps: int
    services: str
    services_en: str
    sales_channels: str

    @property
    def told(self) -> dict[str, str]:
        """The terms that say something, by their field."""
        return {name: text for name, text in self.words.items() if _says(text)}

    @property
    def binding(self) -> bool:
        """Whether there is anything that the customer has to acknowledge."""
        return any(_says(self.words[name]) for name in _BINDING)

    @property
    def digest(self) -> str:
        """SHA-256 of the words, in hexadecimal."""
        said = json.dumps([self.plan_id, dict(self.words)], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()


def read_terms(connection: Connection, plan_ids: Collection[int]) -> dict[int, Terms]:
    """The terms of versions of plans, by their id."""
    others = (
        "restrictions_en",
        "download_mbps",
        "upload_mbps",
        "services",
        "services_en",
        "sales_channels",
    )
    columns = [getattr(Plan, name) for name in (*TERMS, *others)]
    rows = connection.execute(select(Plan.id, *columns).where(Plan.id.in_(plan_ids)))
    return {
        row.id: Terms(
            row.id,
            {name: getattr(row, name).strip() for name in TERMS},
            *(getattr(row, name) for name in others),
        )
        for row in rows
    }


def sold_through(sales_channels: str, kind: str) -> bool:
    """Whether a plan is sold through a kind of channel, by what its fee schedule says (销售渠道).

    Where it says nothing, the plan is sold everywhere.
    """
    said = sales_channels.strip()
    if not _says(said) or any(word in said for word in _EVERY_CHANNEL):
        return True
    for hall in _ONLINE_HALLS:
        said = said.replace(hall, "")
    return any(word in said for word in _CHANNEL_WORDS.get(kind, ()))


def as_json(terms: Terms) -> dict[str, Any]:
    """What an order's history keeps of the terms that its customer acknowledged."""
    return {"plan_id": terms.plan_id, "terms_sha256": terms.digest}


def _says(text: str) -> bool:
    return text.strip().rstrip("。.").lower() not in _SAYS_NOTHING
