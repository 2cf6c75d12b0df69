"""Plans with a history, and what is announced of them, as of the morning of the stories."""

from datetime import UTC, date, datetime

from tests.published_plans import Publisher

PLAN = "/fees/telecom/24GD190001/441800"
COUNTY_PLAN = "/fees/mobile/24GD190002/441882"
ENDED_PLAN = "/fees/unicom/24GD190003/441800"
COMING_PLAN = "/fees/unicom/24GD190004/441800"
COMPARISON = (
    "/fees/compare?plan=telecom%2F24GD190001%2F441800&plan=telecom%2F24GD100001%2F441800"
    "&plan=mobile%2F24GD200001%2F441800"
)

_WORDS = {
    "name": "全家福2000M套餐",
    "name_en": "Whole family 2000M plan",
    "download_mbps": 2000,
    "upload_mbps": 200,
    "services": "2000M宽带；全屋Wi-Fi两台；IPTV 2路",
    "services_en": "2,000 Mbit/s broadband; two Wi-Fi units; two IPTV",
    "restrictions": "合约期24个月；提前拆机按剩余月数每月20元收取补偿",
    "restrictions_en": "24-month term; 20 yuan for each remaining month if ended early",
    "scope": "清远市个人客户，每户限办一份",
    "sales_channels": "营业厅；官方APP；小程序；10000号",
    "validity": "24个月，到期后按标准资费自动续期",
    "stay": "24个月",
    "cancellation": "营业厅或客服热线办理，次月生效",
    "liability": "提前解约的，按剩余月数每月20元支付违约金",
    "voice": "国内语音500分钟",
    "data": "国内通用流量60GB",
    "iptv": "2路4K",
    "benefits": "影视会员任选一项",
    "overage": "语音0.15元/分钟；流量5元/GB，不足1GB按0.005元/MB",
    "other_services": "免费上门检修每月1次",
    "remark": "示例，待运营商确认",
}


def tell_of_fees(publisher: Publisher) -> None:
    """Write the plans: one whose price rises at New Year, one of a county, one ended, one to come."""
    publisher.plan(version=1, **_WORDS | {"monthly_fen": 10900, "data": "国内通用流量40GB"})
    publisher.plan(version=2, on_sale_from=date(2025, 7, 1), **_WORDS)
    dearer = publisher.plan(
        version=3,
        on_sale_from=date(2027, 1, 1),
        **_WORDS | {"monthly_fen": 13900, "data": "国内通用流量80GB"},
    )
    publisher.announce("price", dearer, date(2027, 1, 1))
    publisher.announce(
        "term_end",
        None,
        date(2027, 2, 1),
        ends_from=date(2027, 1, 31),
        ends_to=date(2027, 3, 31),
        announced_at=datetime(2026, 11, 20, 2, tzinfo=UTC),
    )
    taken_back = publisher.plan(version=4, on_sale_from=date(2027, 3, 1), **_WORDS | {"monthly_fen": 15900})
    withdrawn = publisher.announce("terms", taken_back, date(2027, 3, 1), summary="安装改为次日上门")
    publisher.withdraw_plan(taken_back, date(2027, 2, 28))
    publisher.withdraw_change(withdrawn, datetime(2026, 11, 22, 2, tzinfo=UTC))
    other = {"restrictions_en": "", "services_en": "", "remark": "示例，待运营商确认"}
    publisher.plan(
        "mobile",
        filing_number="24GD190002",
        region="441882",
        kind="营销活动",
        name="连州助农宽带",
        name_en="Lianzhou farm broadband",
        monthly_fen=3900,
        **other,
    )
    slow = {"download_mbps": 50, "upload_mbps": 10, "monthly_fen": 2550, "on_sale_to": date(2025, 6, 30)}
    publisher.plan(
        "unicom", filing_number="24GD190003", name="老友宽带50M", name_en="Old friends 50M", **slow, **other
    )
    february = {"on_sale_from": date(2027, 2, 1), "on_sale_to": date(2027, 2, 28), "monthly_fen": 9900}
    publisher.plan(
        "unicom", filing_number="24GD190004", name="春节尝鲜", name_en="Spring trial", **february, **other
    )
