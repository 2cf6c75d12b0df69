"""Complaints, ratings and the page of an order in a browser: phones and desks, zh and en, by keyboard."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from looking import LANGUAGES, assert_accessible, assert_for_everybody
from playwright.sync_api import Page, expect
from sqlalchemy import insert, select
from visiting import Clerk

from tests.complaining import DAY, NOW, Desk
from tracker import clock
from tracker.complaints.record_call_back import record_call_back
from tracker.complaints.retract_complaint import retract_complaint
from tracker.customer_requests.models import CustomerRequest
from tracker.orders.models import Order
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

pytestmark = pytest.mark.browser


@pytest.fixture
def office(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    clerk: Clerk,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    """An operator whose manager is the clerk."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return Desk(runtime, channel.operator_id, place)


@pytest.fixture
def story(office: Desk) -> dict[str, int | str]:
    """A complaint in each state, ratings, and an order with all of it."""
    number, near = office.completed(ago=DAY), NOW - 13 * DAY
    told: dict[str, int | str] = {
        "order": number,
        "late": office.file(office.order(), source="12345", received_at=NOW - 17 * DAY),
        "near": office.file(office.order(), "fees", "多收了安装费", source="hotline", received_at=near),
        "calm": office.file(number, "attitude", "前台说话不客气\n问什么都说不知道"),
        "phone": office.file(None, "other", "营业厅关门太早", source="letters", contact_phone="13712345678"),
        "closed": office.file(office.order(), "speed", "只有50兆", source="outlet"),
    }
    second = office.hire("huang.li", "counter")
    office.follow(int(told["near"]), NOW, note="已核对账单，等财务确认")
    office.hand(int(told["late"]), second, note="片区经理更熟悉现场")
    office.close(int(told["closed"]), request={"satisfaction": "satisfied"})
    gone = office.file(number, "other", "算了")
    retract_complaint(office.runtime, office.customer, number, gone)
    told["gone"] = gone
    told["low"] = office.rate(office.completed(), 1, "等了三周，师傅来了两次都没装好")
    called = office.rate(office.completed(), 2, "来晚了")
    record_call_back(office.runtime, office.staff, called, "已致歉，客户接受")
    office.rate(number, 5, "师傅很耐心")
    office.rate(office.completed(), 4)
    _ask(office, number)
    return told


def _ask(office: Desk, number: str) -> None:
    """What the customer of an order asked for on the site."""
    refusal = [{"rule": "rating.too_late", "pointer": "", "params": {"days": 30}}]
    asked = (
        ("code", "done", {}, {}),
        ("hold", "undone", {"until": "2026-12-05", "reason_code": "not_decorated"}, {}),
        ("rating", "refused", {"score": 5}, {"refusal": refusal}),
        ("complaint", "done", {"topic": "attitude"}, {}),
        ("appointment", "asked", {}, {}),
        ("withdrawal", "waiting", {}, {"due_at": NOW + timedelta(minutes=10)}),
    )
    with office.runtime.db.transaction() as connection:
        order = connection.execute(select(Order.id).where(Order.number == number)).scalar_one()
        for kind, state, payload, more in asked:
            row = {"kind": kind, "state": state, "payload": payload, "asked_at": NOW} | more
            whose = {"operator_id": office.operator_id, "order_id": order}
            connection.execute(insert(CustomerRequest).values(**row, **whose))


def walk(page: Page, story: dict[str, int | str]) -> Iterator[Page]:
    """Goes through every page and state."""
    for path in (
        "/",
        "/complaints",
        "/complaints?shown=near&topic=attitude",
        "/complaints/new",
        *(f"/complaints/{story[name]}" for name in ("late", "near", "calm", "phone", "closed", "gone")),
        *(f"/complaints/{story['near']}/{what}" for what in ("follow-up", "hand-on", "close")),
        f"/complaints/{story['closed']}/satisfaction",
        "/ratings",
        "/ratings?score=3",
        f"/ratings/{story['low']}/call-back",
        f"/orders/{story['order']}",
        "/orders/find?number=QY1",
    ):
        page.goto(path)
        yield page
    for path in ("/complaints/new", f"/complaints/{story['near']}/close"):
        page.goto(path)
        page.locator("main form button.primary").last.click()
        expect(page.get_by_role("alert")).to_be_visible()
        yield page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_for_everybody(clerk: Clerk, story: dict[str, int | str], language: str) -> None:
    for page in walk(clerk.enter("/", width=390, language=language), story):
        assert_for_everybody(page, language)


@pytest.mark.usefixtures("office")
def test_empty_pages_say_what_to_do(clerk: Clerk) -> None:
    page = clerk.enter("/complaints", width=390)
    expect(page.locator("main")).to_contain_text("没有投诉")
    assert_accessible(page)
    page.goto("/ratings")
    expect(page.locator("main")).to_contain_text("还没有评价")
    assert_accessible(page)


@pytest.mark.parametrize(("width", "script"), [(1280, True), (390, False)])
def test_a_manager_deals_with_a_complaint(clerk: Clerk, office: Desk, width: int, script: bool) -> None:
    number = office.order()
    page = clerk.enter("/", width=width, script=script)
    page.get_by_label("查找工单").fill(number)
    page.get_by_label("查找工单").press("Enter")
    page.get_by_role("link", name="登记投诉").click()
    page.get_by_label("来源").select_option("12345热线")
    page.get_by_label("投诉事项").select_option("安装超期")
    page.get_by_label("投诉内容").fill("约好了没有来")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已登记")
    expect(page.locator("main")).to_contain_text("最迟 12月9日（周三） 答复")
    page.get_by_role("link", name="登记跟进").click()
    page.get_by_label("说明").fill("已致歉，约明天上门")
    page.get_by_label("下次跟进").fill("2026-11-25")
    page.get_by_role("button", name="登记跟进").click()
    expect(page.locator(".outage-history")).to_contain_text("已致歉，约明天上门")
    page.get_by_role("link", name="办结", exact=True).click()
    page.get_by_label("办结结果").fill("已补装并致歉")
    page.get_by_label("是否在网点解决").select_option("是")
    page.get_by_role("button", name="办结").click()
    expect(page.get_by_role("status")).to_contain_text("结果以短信告知客户")
    page.get_by_role("link", name="登记满意度").click()
    page.get_by_label("客户满意度").select_option("满意")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator(".facts")).to_contain_text("满意")
    (told,) = office.texts("complaint_closed")
    assert "已补装并致歉" in told.body


def test_a_fault_leads_to_its_field_by_keyboard(clerk: Clerk, office: Desk) -> None:
    page = clerk.enter("/complaints/new", width=1280)
    page.get_by_label("投诉人姓名").press("Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("3 处需要改正")
    alert.get_by_role("link", name="投诉内容").press("Enter")
    expect(page.get_by_label("投诉内容")).to_be_focused()


def test_whoever_was_not_content_is_called_back(clerk: Clerk, story: dict[str, int | str]) -> None:
    page = clerk.enter("/", width=390)
    page.get_by_role("link", name=re.compile("低分评价待回访")).click()
    page.get_by_role("link", name="登记回访").click()
    page.get_by_label("客户怎么说").fill("已致歉")
    page.get_by_role("button", name="登记回访").click()
    expect(page.get_by_role("status")).to_contain_text("已登记回访")
    expect(page.get_by_text("待回访", exact=True)).to_have_count(1)
