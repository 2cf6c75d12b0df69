"""A plan as the tests write it, and the morning on which they do."""

from datetime import datetime
from typing import Any

from tracker.clock import CITY_ZONE
from tracker.tariffs.schemas import PlanDraftSchema

# A Wednesday.
MORNING = datetime(2026, 11, 25, 9, 0, tzinfo=CITY_ZONE)
BY = "staff:wang.min"


def plan_json(**changes: Any) -> dict[str, Any]:
    """A plan that can be published tomorrow, as a program writes it."""
    return {
        "filing_number": "26GD900001",
        "region": "441800",
        "audience": "home",
        "kind": "套餐",
        "name": "两千兆家庭套餐",
        "name_en": "Two gigabit home plan",
        "monthly_fen": 16900,
        "installation_fen": 10000,
        "commissioning_fen": 0,
        "download_mbps": 2000,
        "upload_mbps": 200,
        "services": "2000M宽带；IPTV 2路",
        "services_en": "2,000 Mbit/s broadband; two IPTV",
        "restrictions": "合约期24个月",
        "restrictions_en": "24-month term",
        "scope": "清远市内个人客户",
        "sales_channels": "营业厅",
        "validity": "24个月",
        "stay": "24个月",
        "cancellation": "营业厅办理",
        "liability": "提前拆机按剩余月数每月20元补偿",
        "on_sale_from": "2026-11-26",
        **changes,
    }


def plan_fields(**changes: Any) -> dict[str, Any]:
    """The same as the use cases take it."""
    fields: dict[str, Any] = PlanDraftSchema().load(plan_json(**changes))
    return fields
