"""The money of an order at the customer's lookup: due, paid, given back, in plain words."""

import re
from datetime import date, datetime

import pytest
from subscribing import City

from tests.published_plans import becomes
from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.record_payment import record_charge, record_payment
from tracker.orders.record_progress import record_progress
from tracker.tariff_changes.withdraw_change import withdraw_change

pytestmark = pytest.mark.usefixtures("morning")

AT = datetime(2026, 11, 23, 10, tzinfo=clock.CITY_ZONE)


@pytest.fixture
def number(place):
    return place(accepted_at="2026-11-23T09:30:00+08:00").number


@pytest.fixture
def actor(channel):
    return Actor.of_channel(channel)


@pytest.fixture
def charge(runtime, actor, number):
    def record(fee, amount_fen, reference, reason=None, due_on=None):
        request = {"fee": fee, "amount_fen": amount_fen, "reference": reference, "reason": reason}
        record_charge(runtime, actor, number, request | {"due_on": due_on, "charged_at": AT})

    return record


@pytest.fixture
def pay(runtime, actor, number):
    def record(fee, amount_fen, reference, **more):
        request = {"fee": fee, "amount_fen": amount_fen, "reference": reference, "paid_at": AT, **more}
        record_payment(runtime, actor, number, request)

    return record


@pytest.fixture
def said(look_up, number):
    """What the page says of fees, with single blanks."""

    def read(language: str = "zh-CN") -> str:
        html = look_up(number, accept=language).text
        fees = html[html.index('id="fees"') : html.index('id="help"')]
        return " ".join(re.sub(r"<[^>]+>", " ", fees).split())

    return read


def test_what_is_due_is_said(said) -> None:
    assert "安装费 100 元 未缴" in said()
    assert "Installation ¥100 To be paid" in said("en")
    assert "合计" not in said()


def test_a_deposit_comes_and_goes(charge, pay, said) -> None:
    charge("deposit", 20000, "C", "光猫押金", date(2026, 11, 30))
    assert "押金 200 元 未缴 光猫押金 缴费期限 11月30日（周一） 合计待缴 300 元" in said()
    pay("deposit", 15000, "P-1")
    assert "押金 200 元 未缴清 光猫押金 还差 50 元 缴费期限 11月30日（周一） 合计待缴 150 元" in said()
    pay("deposit", 5000, "P-2")
    assert "押金 200 元 已缴 光猫押金 月费" in said()
    pay("deposit", -20000, "P-3", reason="内部备注")
    assert "押金 200 元 已退还 光猫押金" in said()
    assert "Deposit ¥200 Refunded" in said("en")
    # What is noted of a payment is not the customer's to read.
    assert "内部备注" not in said()


def test_a_waiver_says_why(charge, pay, said) -> None:
    charge("installation", -3000, "W-1", "老客户减免")
    assert "安装费 70 元 未缴 老客户减免 已减免 30 元" in said()
    pay("installation", 10000, "P")
    assert "安装费 30 元 待退还 老客户减免 应收 70 元 已减免 30 元 已缴 100 元" in said()
    assert "Installation ¥30 To be refunded 老客户减免 ¥70 due ¥30 waived ¥100 paid" in said("en")


def test_a_fee_that_is_wholly_waived_is_not_asked_for(charge, said) -> None:
    charge("installation", -10000, "W", "免安装费活动")
    assert "安装费 已免收 免安装费活动 月费" in said()


def test_a_day_that_has_passed_is_said(charge, said) -> None:
    charge("other", 8000, "C", "跳线改造", date(2026, 11, 23))
    assert "其他费用 80 元 未缴 跳线改造 缴费期限 11月23日（周一），已过期" in said()
    assert "Was to be paid by Monday 23 November" in said("en")


def test_after_a_withdrawal_nothing_is_asked_for(charge, pay, said, runtime, actor, number) -> None:
    charge("deposit", 20000, "C", "光猫押金", date(2026, 11, 30))
    charge("equipment", 9900, "E", "面板")
    pay("installation", 10000, "P-1")
    pay("deposit", 20000, "P-2")
    pay("deposit", -5000, "P-3")
    step = {"stage": "withdrawn", "reason_code": "no_longer_wanted", "occurred_at": AT}
    record_progress(runtime, actor, number, step)
    page = said()
    assert "安装费 100 元 待退还" in page
    assert "押金 150 元 待退还 光猫押金 已缴 200 元 其中已退还 50 元" in page
    assert "设备费 无需缴纳" in page
    for absent in ("缴费期限", "未缴", "合计"):
        assert absent not in page


def test_words_of_others_cannot_be_markup(charge, look_up, number) -> None:
    charge("other", 8000, "C", "<b onclick=x>")
    html = look_up(number).text
    assert "<b onclick" not in html
    assert "&lt;b onclick=x&gt;" in html


@pytest.fixture
def city(plans, runtime, channel):
    return City(runtime, channel.operator_id, 0)


def test_an_announced_change_of_the_fee_is_said_beside_it(said, city, runtime) -> None:
    assert "月费 129 元/月 套餐" in said()
    sooner = city.announce()
    later = city.announce(effective_on="2027-03-01", monthly_fen=14900)
    both = "已公告： 2027年1月1日 起 139 元/月 已公告： 2027年3月1日 起 149 元/月"
    assert becomes(lambda: f"月费 129 元/月 {both} 套餐" in said())
    assert "Announced: ¥139 a month from 1 January 2027" in said("en")
    for change in (later, sooner):
        withdraw_change(runtime, city.operator_id, change, "总部通知暂缓", "staff:wang.min")
    assert becomes(lambda: "月费 129 元/月 套餐" in said())


def test_another_page_that_shows_the_order_can_say_it_too(client, number, city) -> None:
    city.announce(
        kind="terms",
        effective_on="2027-01-01",
        fields={"upload_mbps": 30},
        summary="上行改为30兆",
        summary_en="30 Mbit/s up",
    )

    def told(language: str) -> list[dict[str, object]]:
        sent = {"number": number, "last4": "1234", "lang": language}
        return client.post("/api/lookup", json=sent).json["plan"]["changes"]

    assert becomes(lambda: len(told("zh")) == 1)
    assert told("zh") == [
        {
            "kind": "terms",
            "effective_on": "2027-01-01",
            "monthly_fen": 12900,
            "monthly_words": "129 元/月",
            "words": "已公告：2027年1月1日起 上行改为30兆",
        }
    ]
    assert told("en")[0]["words"] == "Announced, from 1 January 2027: 30 Mbit/s up"


def test_what_is_announced_of_other_plans_is_not_said(said, city) -> None:
    city.announce()
    city.announce(filing_number="24GD100003", effective_on="2027-01-02", monthly_fen=6900)
    assert becomes(lambda: "已公告" in said())
    assert "69 元/月" not in said()


def test_an_order_after_the_change_has_the_new_fee_alone(look_up, city, place, monkeypatch) -> None:
    city.announce()
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 1, 1, 9, tzinfo=clock.CITY_ZONE))
    page = look_up(place(accepted_at="2027-01-01T08:30:00+08:00").number).text
    assert "139 元/月" in page
    assert "已公告" not in page


def test_the_same_filing_number_of_another_region_keeps_its_change_to_itself(said, city, publisher) -> None:
    """Which of the two an order at the same price is of cannot be known; at another price it can."""
    city.announce()
    other = {"filing_number": "24GD100001", "region": "441802", "name": "千兆家庭套餐"}
    publisher.plan(**other, monthly_fen=12800)
    assert becomes(lambda: "已公告" in said())
    publisher.plan(**other | {"region": "441803"})
    assert becomes(lambda: "已公告" not in said())
