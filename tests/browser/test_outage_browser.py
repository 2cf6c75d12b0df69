"""The board of outages and its staff pages in a browser: phones, elder mode, without scripts, by keyboard."""

from collections.abc import Callable, Iterator

import pytest
from looking import LANGUAGES, assert_accessible, assert_for_everybody, assert_no_sideways_scrolling
from playwright.sync_api import Page, expect
from visiting import Clerk, Visitor

from tests.announced_outages import FENGCHENG, GAOJILI, HOUR, LEFT_OUT, NOW, QINGXIN, Announcer, on
from tests.published_plans import becomes
from tracker import clock
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

pytestmark = pytest.mark.browser

TWO_TOWNS = ["441802007001", "441802007002", GAOJILI]


@pytest.fixture
def outages(runtime: Runtime, channel: ChannelFacts, monkeypatch: pytest.MonkeyPatch) -> Announcer:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return Announcer(runtime.db, channel.operator_id)


@pytest.fixture
def story(outages: Announcer, runtime: Runtime) -> dict[str, int]:
    """One of each: under way, overdue, to come, moved, withdrawn, over and restored."""
    operators = runtime.reference.current().operators.values()
    others = Announcer(runtime.db, next(one.id for one in operators if one.code == "mobile"))
    late = {"override_reason": "演示"}
    told = {
        "fault": outages.fault(area=TWO_TOWNS, ends_at=on(24, 12)),
        "open": others.fault(area=["441881"], reason_en=LEFT_OUT, services=["broadband", "landline"]),
        "overdue": outages.fault(area=[FENGCHENG], starts_at=on(23, 20), ends_at=on(24, 7)),
        "coming": outages.announce(starts_at=on(27, 22), ends_at=on(28, 6), minutes=90, area=[FENGCHENG]),
        "moved": others.announce(area=[QINGXIN, "441882"]),
        "gone": outages.announce(starts_at=on(30, 0), ends_at=on(30, 2), area=[QINGXIN]),
        "restored": outages.fault(area=[QINGXIN], starts_at=on(22, 8)),
        "near": outages.announce(starts_at=on(25, 0), ends_at=on(25, 5), area=["441821"], **late),
    }
    others.change(told["moved"], starts_at=on(29, 0), ends_at=on(29, 6), area=[QINGXIN])
    outages.withdraw(told["gone"])
    outages.restore(told["restored"], on(22, 11, 30))
    return told


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("elder", [False, True])
def test_the_board_is_for_everybody(
    visitor: Visitor, story: dict[str, int], language: str, elder: bool
) -> None:
    page = visitor.open(language=language, elder=elder)
    for path in ("/outages", "/outages?county=441802&operator=telecom", "/outages?county=441823"):
        page.goto(path)
        for width in (320, 390, 1280):
            page.set_viewport_size({"width": width, "height": 780})
            assert_no_sideways_scrolling(page)
        assert_accessible(page, elder=elder)


@pytest.mark.usefixtures("outages")
def test_an_empty_board_is_accessible(visitor: Visitor) -> None:
    for language in ("zh-CN", "en"):
        page = visitor.open("/outages", language=language)
        assert_accessible(page)
        assert_no_sideways_scrolling(page)


def test_the_board_in_the_dark_and_on_paper(visitor: Visitor, story: dict[str, int]) -> None:
    page = visitor.open("/outages", dark=True, width=390)
    assert_accessible(page)
    page.emulate_media(media="print")
    expect(page.locator(".criteria")).to_be_hidden()
    expect(page.locator("article").first).to_be_visible()


def test_the_board_is_narrowed_without_scripts(visitor: Visitor, story: dict[str, int]) -> None:
    page = visitor.open("/", script=False)
    page.get_by_role("navigation").get_by_role("link", name="中断公告").click()
    expect(page.locator("article")).to_have_count(8)
    page.get_by_text("按地区和运营商筛选").click()
    page.get_by_label("县（市、区）").select_option("英德市")
    with page.expect_navigation():
        page.get_by_role("button", name="筛选").click()
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator("main")).to_contain_text("只看：英德市")
    page.get_by_role("link", name="看全部").click()
    expect(page.locator("article")).to_have_count(8)


@pytest.mark.parametrize(("width", "script"), [(1280, True), (390, False)])
def test_a_manager_announces_an_outage(clerk: Clerk, outages: Announcer, width: int, script: bool) -> None:
    page = clerk.enter("/outages", width=width, script=script)
    page.get_by_role("link", name="公告中断", exact=True).click()
    page.get_by_label("开始时间").fill("2026-11-28T00:00")
    page.get_by_role("textbox", name="结束时间").fill("2026-11-28T06:00")
    page.get_by_text("按镇（街道）选").first.click()
    page.get_by_label("洲心街道").check()
    page.get_by_label("查找社区、村").fill("高基里")
    page.locator("main").get_by_role("button", name="查找").click()
    page.get_by_label("高基里社区居委会").check()
    page.get_by_label("固定电话").check()
    page.get_by_label("原因 必填").fill("光缆割接")
    page.get_by_role("button", name="预览").last.click()
    expect(page.get_by_role("heading", name="11月28日（周六）0时至6时")).to_be_visible()
    assert outages.count() == 0
    page.get_by_role("button", name="公告", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已公告")
    assert outages.count() == 1
    page.get_by_role("link", name="修改公告").click()
    page.get_by_role("textbox", name="结束时间").fill("2026-11-28T05:00")
    page.get_by_label("为什么修改").fill("提前做完")
    page.get_by_role("button", name="预览").last.click()
    expect(page.locator("main")).to_contain_text("时间有变")
    page.get_by_role("button", name="修改公告").click()
    expect(page.get_by_role("status")).to_contain_text("已修改")
    page.get_by_role("link", name="撤回").click()
    page.get_by_label("原因").fill("不做了")
    page.get_by_role("button", name="撤回").click()
    expect(page.locator("article")).to_contain_text("已取消")


def test_a_form_is_filled_by_keyboard(clerk: Clerk, outages: Announcer) -> None:
    page = clerk.enter("/outages/new", width=1280)
    page.get_by_label("清城区", exact=True).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    # The towns open and close by keyboard, too.
    page.keyboard.press("Enter")
    expect(page.get_by_label("凤城街道")).to_be_visible()
    expect(page.get_by_label("清城区", exact=True)).to_be_checked()
    page.get_by_label("原因 必填").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("需要改正")
    page.get_by_role("alert").get_by_role("link", name="开始时间").click()
    expect(page.get_by_label("开始时间")).to_be_focused()


@pytest.fixture
def staff_pages(story: dict[str, int], clerk: Clerk) -> Callable[[Page], Iterator[Page]]:
    """Goes through every staff page and state."""

    def walk(page: Page) -> Iterator[Page]:
        for path in (
            "/outages",
            "/outages?state=past&kind=planned",
            "/outages/new",
            *(f"/outages/{story[name]}" for name in ("fault", "overdue", "coming", "gone", "near")),
            f"/outages/{story['fault']}/edit",
            f"/outages/{story['coming']}/withdraw",
            f"/outages/{story['fault']}/restore",
        ):
            page.goto(path)
            yield page
        page.goto("/outages/new")
        page.locator("#find").fill("凤城")
        page.locator("main form").get_by_role("button").filter(has_text="查找").or_(
            page.locator("main form").get_by_role("button", name="Find")
        ).click()
        yield page
        page.locator("button[value=preview]").last.click()
        yield page
        page.goto(f"/outages/{story['coming']}/edit")
        page.locator("#reason").fill("机房割接")
        page.locator("#why").fill("说法更准")
        page.locator("button[value=preview]").last.click()
        yield page

    return walk


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_staff_page_is_for_everybody(
    clerk: Clerk, staff_pages: Callable[[Page], Iterator[Page]], language: str
) -> None:
    for page in staff_pages(clerk.enter("/", width=390, language=language)):
        assert_for_everybody(page, language)
    page.goto("/outages")
    assert label_of_a_cell(page) == {"zh-CN": '"公告时间"', "en": '"Announced"'}[language]
    page.set_viewport_size({"width": 1280, "height": 780})
    assert label_of_a_cell(page) == "none"


def label_of_a_cell(page: Page) -> str:
    """What stands before a cell where the table's head is not shown."""
    cell = page.locator("td[data-label]").last
    return str(cell.evaluate("cell => getComputedStyle(cell, '::before').content"))


def test_a_change_is_on_the_open_page_at_once(visitor: Visitor, outages: Announcer) -> None:
    page = visitor.open("/outages")
    expect(page.locator("main")).to_contain_text("没有已公告的网络中断")
    outages.fault(starts_at=NOW - HOUR)

    def shows() -> bool:
        page.reload()
        return "光缆被挖断" in page.locator("main").inner_text()

    assert becomes(shows)
