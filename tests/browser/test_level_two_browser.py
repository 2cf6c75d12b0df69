"""The second level as people use it: on a phone and a desktop, large, by keyboard, without JavaScript."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from icalendar import Calendar
from looking import (
    LANGUAGES,
    assert_accessible,
    assert_fits_the_narrowest_screen,
    assert_for_everybody,
    assert_large_type,
    assert_no_sideways_scrolling,
)
from playwright.sync_api import Page, expect
from second_level import enter, until_said
from visiting import Visitor

from tests.holding import CODE, Worker, order_row, refused, store_code
from tests.visiting_slots import Diary
from tracker.complaints.file_complaint import file_complaint
from tracker.orders.actor import Actor
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

pytestmark = pytest.mark.browser

_ACTIONS = ("appointment", "hold", "withdrawal", "complaint", "rating")


@pytest.fixture
def diary(runtime: Runtime, channel: ChannelFacts) -> Diary:
    """Slots of the next days, more than three of them."""
    made = Diary(runtime, channel.operator_id)
    made.fill(date(2026, 11, day) for day in (25, 26, 27, 30))
    return made


@pytest.fixture
def worker(runtime: Runtime, site: str) -> Iterator[None]:
    with Worker(runtime):
        yield


def states(
    visitor: Visitor, runtime: Runtime, channel: ChannelFacts, order: Callable[[str], str], **how: Any
) -> Iterator[Page]:
    """Every page of the second level in every state, one after the other in the same window."""
    number = order("near")
    page = visitor.open("/lost-number", **how)
    yield page
    page.locator("form[action='/lost-number'] button").click()
    yield page
    page.locator("#phone").fill("13900009999")
    page.locator("form[action='/lost-number'] button").click()
    yield page
    page.goto("/order")
    yield page
    page.goto("/")
    visitor.look_up(page, number)
    with Worker(runtime, lambda _row: refused("code.no_texts", hotline="10000")):
        page.locator("button[name=send]").click()
    yield page
    page.goto("/")
    visitor.look_up(page, number)
    store_code(runtime, number)
    with Worker(runtime, lambda _row: refused("code.too_often", at="08:41")):
        page.locator("button[name=send]").click()
    yield page
    page.locator("#code").fill("000000")
    page.locator("form[action='/code/check'] button").click()
    yield page
    page.locator("#code").fill(CODE)
    page.locator("form[action='/code/check'] button").click()
    yield page
    file_complaint(runtime, Actor(channel.operator_id, "customer:1"), number, "fees", "多收了安装费")
    for action in _ACTIONS:
        page.goto(f"/order/{action}")
        yield page
        if page.locator("form.ask").count():
            page.locator("form.ask button").click()
            yield page
    with Worker(runtime):
        page.goto("/order/withdrawal")
        page.locator("form.ask [type=radio]").first.check()
        page.locator("form.ask button").click()
        until_said(page, "withdrawal")
    yield page
    page.locator("form[action='/order/undo'] button").click()
    page.wait_for_url("**/order/requests/*")
    yield page
    page.goto("/order")
    page.locator("form[action='/order/leave'] button").click()
    yield page


@pytest.mark.usefixtures("diary")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_for_everybody(
    visitor: Visitor,
    runtime: Runtime,
    channel: ChannelFacts,
    order: Callable[[str], str],
    impatient: None,
    language: str,
) -> None:
    for page in states(visitor, runtime, channel, order, language=language):
        assert_for_everybody(page, language)


@pytest.mark.usefixtures("diary")
def test_every_page_is_accessible_in_large_type(
    visitor: Visitor, runtime: Runtime, channel: ChannelFacts, order: Callable[[str], str], impatient: None
) -> None:
    for page in states(visitor, runtime, channel, order, elder=True):
        assert_accessible(page, elder=True, looks_only=True)
        assert_large_type(page)
        assert_fits_the_narrowest_screen(page)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages wait for a worker only a moment, as some states here have none."""
    monkeypatch.setattr("tracker.customer_requests.asking.PATIENCE", 0.8)
    monkeypatch.setattr("public_status.desk._TIRED_PATIENCE", 0.8)


@pytest.mark.usefixtures("diary")
def test_the_longest_words_in_the_largest_type_fit_the_narrowest_screen(
    visitor: Visitor, runtime: Runtime, channel: ChannelFacts, order: Callable[[str], str], impatient: None
) -> None:
    for page in states(visitor, runtime, channel, order, width=320, language="en-GB", elder=True, scale=2):
        assert_no_sideways_scrolling(page)


@pytest.mark.usefixtures("diary", "worker")
def test_the_whole_way_without_javascript_on_a_phone(
    visitor: Visitor, runtime: Runtime, order: Callable[[str], str]
) -> None:
    page = enter(visitor, runtime, order("on_time"), width=390, script=False)
    page.get_by_role("link", name="选择上门时间").click()
    page.get_by_role("radio", name="11月26日（周四） 下午14–16时").check()
    page.get_by_role("button", name="确定这个时间").click()
    expect(page.get_by_role("status")).to_contain_text("上门时间已约好")
    expect(page.get_by_role("region", name="上门时间")).to_contain_text("11月26日（周四）下午14–16时")
    page.get_by_role("button", name="撤回").click()
    expect(page.get_by_role("status")).to_contain_text("已撤回")
    expect(page.get_by_role("region", name="上门时间")).to_have_count(0)
    page.get_by_role("link", name="投诉").click()
    page.get_by_role("radio", name="收费").check()
    page.get_by_role("button", name="提交投诉").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("radio", name="收费")).to_be_checked()
    page.get_by_label("具体情况").fill("多收了一次安装费")
    page.get_by_role("button", name="提交投诉").click()
    expect(page.get_by_role("region", name="我的申请")).to_contain_text("投诉 收费")
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_role("status")).to_contain_text("已退出")
    page.goto("/order")
    expect(page.get_by_role("alert")).to_contain_text("请重新验证")


def tab_to(page: Page, selector: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"the keyboard never gets to {selector}")


@pytest.mark.usefixtures("diary", "worker")
def test_the_whole_way_by_keyboard_alone(
    visitor: Visitor, runtime: Runtime, order: Callable[[str], str]
) -> None:
    number = order("on_time")
    page = visitor.open(width=1280)
    tab_to(page, "#number")
    page.keyboard.type(number)
    page.keyboard.press("Tab")
    page.keyboard.type("1234")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("已派单")
    tab_to(page, "button[name=send]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("输入验证码")
    store_code(runtime, number)
    tab_to(page, "#code")
    page.keyboard.type(CODE)
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="报装信息")).to_contain_text("张*")
    tab_to(page, "a[href='/order/hold']")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    tab_to(page, "[name=reason_code]")
    page.keyboard.press("Space")
    expect(page.locator("label:has(:focus-visible)")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.type("11302026")
    tab_to(page, "form.ask button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已开始缓装")
    tab_to(page, "form[action='/order/undo'] button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已撤回")


@pytest.mark.usefixtures("diary")
def test_slots_are_in_one_column_on_a_phone_and_beside_each_other_on_a_desktop(
    visitor: Visitor, runtime: Runtime, order: Callable[[str], str]
) -> None:
    number, columns = order("on_time"), {}
    for width in (390, 1280):
        page = enter(visitor, runtime, number, width=width)
        page.goto("/order/appointment")
        tops = (
            page.locator(".slot-day")
            .first.locator("label")
            .evaluate_all("all => all.map(e => Math.round(e.getBoundingClientRect().top))")
        )
        columns[width] = tops.count(tops[0])
        # Later days are folded, so that the button is near.
        expect(page.locator(".slot-day[open]")).to_have_count(3)
    assert columns[390] == 1
    assert columns[1280] in (3, 4)


def test_the_visit_goes_into_a_calendar(
    visitor: Visitor, runtime: Runtime, order: Callable[[str], str]
) -> None:
    page = enter(visitor, runtime, order("near"), width=390)
    with page.expect_download() as downloading:
        page.get_by_role("link", name="加入手机日历").click()
    calendar = Calendar.from_ical(downloading.value.path().read_bytes())
    (event,) = calendar.walk("VEVENT")
    row = order_row(runtime, order_number(page))
    assert event["DTSTART"].dt == row.appointment_starts_at
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(hours=2)


def order_number(page: Page) -> str:
    return page.locator(".reference .number").inner_text()


@pytest.mark.usefixtures("worker")
def test_a_number_is_found_again_and_switches_keep_the_page(
    visitor: Visitor, runtime: Runtime, order: Callable[[str], str]
) -> None:
    order("on_time")
    page = visitor.open()
    page.get_by_role("link", name="用手机号找回订单号").click()
    page.get_by_role("link", name="长辈版").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("找回订单号")
    page.get_by_label("报装时留下的手机号").fill("13800001234")
    page.get_by_role("button", name="把订单号发给我").click()
    expect(page.get_by_role("status")).to_contain_text("请留意手机短信")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Find your order number")


def test_a_paper_of_an_order_has_no_buttons(
    visitor: Visitor, runtime: Runtime, order: Callable[[str], str]
) -> None:
    page = enter(visitor, runtime, order("near"), width=700)
    page.emulate_media(media="print")
    for hidden in ("header nav", "form[action='/order/leave']", "a[href='/order/hold']", "a[download]"):
        expect(page.locator(hidden)).to_be_hidden()
    for shown in ("办理进度", "短信记录", "报装信息"):
        expect(page.get_by_role("heading", name=shown)).to_be_visible()
