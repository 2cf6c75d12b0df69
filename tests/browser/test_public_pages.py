"""The customers' site as people use it: by keyboard, on a phone, in large type, without JavaScript."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from fee_stories import COMING_PLAN, COMPARISON, COUNTY_PLAN, ENDED_PLAN, PLAN
from looking import (
    LANGUAGES,
    assert_accessible,
    assert_fits_the_narrowest_screen,
    assert_for_everybody,
    assert_large_type,
    assert_no_sideways_scrolling,
)
from playwright.sync_api import Page, expect
from stories import STORIES
from visiting import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("tariffs", "figures")]

_UNKNOWN = "QY261123K7M4QZX"
_NOWHERE = "/nowhere"

_OPEN_PAGES = (
    "/fees",
    "/fees?sale=all&sort=price&least=a&on=1900-01-01",
    "/fees?q=月球宽带&on=2027-02-01",
    PLAN,
    f"{PLAN}?version=1",
    f"{PLAN}?version=4",
    COUNTY_PLAN,
    ENDED_PLAN,
    COMING_PLAN,
    COMPARISON,
    "/fees/compare?plan=nothing",
    "/fees/changes",
    "/process",
    "/process?audience=enterprise",
    "/standard",
    "/standard?audience=enterprise",
    "/outages",
    "/figures",
    "/figures?operator=telecom",
    "/figures?operator=unicom",
    "/accessibility",
    "/privacy",
    "/print",
)


def pages_of(
    visitor: Visitor,
    order: Callable[[str], str],
    paths: Iterable[str] = (*_OPEN_PAGES, _NOWHERE),
    **how: Any,
) -> Iterator[Page]:
    """Every kind of page and state, one after the other in the same window."""
    page = visitor.open(**how)
    yield page
    for path in paths:
        page.goto(path)
        yield page
    looked_up = [(order(name), "1234") for name in STORIES]
    for number, last4 in [*looked_up, (_UNKNOWN, "1234"), ("QY", "1")]:
        page.goto("/")
        visitor.look_up(page, number, last4)
        yield page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_for_everybody(visitor: Visitor, order: Callable[[str], str], language: str) -> None:
    for page in pages_of(visitor, order, language=language):
        assert_for_everybody(page, language)


@pytest.mark.parametrize(
    "how",
    [{}, pytest.param({"dark": True, "language": "en-GB"}, marks=pytest.mark.soak)],
    ids=["light", "dark-english"],
)
def test_every_state_of_an_order_is_accessible_in_large_type(
    visitor: Visitor, order: Callable[[str], str], how: dict[str, Any]
) -> None:
    for page in pages_of(visitor, order, (), elder=True, **how):
        assert_accessible(page, elder=True, looks_only=True)
        assert_large_type(page)
        assert_fits_the_narrowest_screen(page)


def test_an_order_is_looked_up_by_keyboard_alone(visitor: Visitor, order: Callable[[str], str]) -> None:
    number = order("on_time")
    page = visitor.open(width=1280)
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "number":
            break
    page.keyboard.type(number.lower())
    page.keyboard.press("Tab")
    page.keyboard.type("1234")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("已派单")
    expect(page).to_have_title(re.compile("承诺 11月25日（周三）18:00 前装通"))


def test_the_skip_link_leads_past_the_header(visitor: Visitor) -> None:
    page = visitor.open()
    page.keyboard.press("Tab")
    expect(page.get_by_text("跳到正文")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#number")).to_be_focused()


def test_the_answer_is_in_the_first_screen_of_a_phone(visitor: Visitor, order: Callable[[str], str]) -> None:
    page = visitor.open(width=360, height=640)
    visitor.look_up(page, order("on_time"))
    for words in ("已派单", "按时", "还有 1 天 9 小时"):
        expect(page.locator(".answer").get_by_text(words).first).to_be_in_viewport(ratio=1)
    expect(page.locator(".answer .promise")).to_have_text("承诺 11月25日（周三）18:00 前装通")
    expect(page.locator(".answer .promise")).to_be_in_viewport(ratio=1)


def test_everything_works_without_javascript(visitor: Visitor, order: Callable[[str], str]) -> None:
    page = visitor.open(script=False)
    visitor.look_up(page, order("near"), "9999")
    expect(page.get_by_role("alert")).to_contain_text("没有查到订单")
    page.locator("#last4").fill("1234")
    page.locator("main form button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已预约")
    page.get_by_role("button", name="长辈版").click()
    expect(page.locator("html[data-elder]")).to_have_count(1)
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Visit arranged")
    expect(page.locator("html[data-elder]")).to_have_count(1)
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("Due soon")).to_be_visible()
    page.get_by_role("link", name="Fees").click()
    page.get_by_role("link", name="Business broadband", exact=True).click()
    expect(page.get_by_role("rowheader")).to_have_count(6)
    expect(page.get_by_role("link", name="Business broadband", exact=True)).to_have_attribute(
        "aria-current", "true"
    )


def test_the_choice_of_type_is_kept(visitor: Visitor) -> None:
    page = visitor.open()
    page.get_by_role("link", name="长辈版").click()
    page.get_by_role("link", name="资费公示", exact=True).click()
    expect(page.locator("html[data-elder]")).to_have_count(1)
    page.get_by_role("link", name="标准版").click()
    expect(page.locator("html[data-elder]")).to_have_count(0)


def test_how_an_order_stands_is_told_in_words(visitor: Visitor, order: Callable[[str], str]) -> None:
    words = {"on_time": "按时", "near": "临近", "late": "已超时", "kept": "按时装通", "missed": "超时装通"}
    for name, word in words.items():
        page = visitor.open()
        visitor.look_up(page, order(name))
        expect(page.locator(".badge")).to_have_text(word)
        expect(page.locator(".badge svg")).to_be_visible()


def test_the_present_step_is_marked_for_everybody(visitor: Visitor, order: Callable[[str], str]) -> None:
    page = visitor.open()
    visitor.look_up(page, order("on_time"))
    steps = page.locator(".timeline > li")
    expect(steps).to_have_count(8)
    expect(page.locator("[aria-current=step]")).to_contain_text(["已派单"])
    expect(page.locator("[aria-current=step]")).to_contain_text("现在")
    expect(steps.nth(0)).to_contain_text("已完成")
    expect(steps.nth(7)).to_contain_text("未到")


def test_plans_are_cards_on_a_phone_and_a_table_on_a_desktop(visitor: Visitor) -> None:
    displays = {}
    for width in (360, 1280):
        page = visitor.open("/fees", width=width)
        displays[width] = page.locator(".plans").first.evaluate("e => getComputedStyle(e).display")
        expect(page.get_by_role("rowheader")).to_have_count(17)
        expect(page.get_by_role("columnheader").first).to_have_text("资费名称")
    assert displays == {360: "block", 1280: "table"}


def test_nothing_is_fetched_from_elsewhere_or_refused_by_the_policy(
    visitor: Visitor, order: Callable[[str], str]
) -> None:
    page = visitor.open()
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.reload()
    visitor.look_up(page, order("on_time"))
    for path in _OPEN_PAGES:
        page.goto(path)
    assert page.locator('script[type="application/ld+json"]').count() == 0, "standards are no offer"
    page.goto("/fees")
    assert page.locator('script[type="application/ld+json"]').count() == 1
    assert asked
    assert all(url.startswith((visitor.site, "data:")) for url in asked)
    assert not complaints


def test_plans_are_chosen_and_compared_by_keyboard_without_javascript(visitor: Visitor) -> None:
    page = visitor.open("/fees?audience=home", width=1280, script=False)
    for name in ("清远电信 全家福2000M套餐", "清远移动 千兆家庭套餐"):
        box = page.get_by_role("checkbox", name=f"对比 {name}")
        box.focus()
        page.keyboard.press("Space")
        expect(box).to_be_checked()
    button = page.get_by_role("button", name="对比勾选的资费")
    expect(button).to_be_in_viewport()
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("资费对比")
    expect(page.get_by_role("columnheader")).to_have_count(2)
    expect(page.get_by_role("rowheader", name="月费")).to_contain_text("不同")
    expect(page.get_by_role("rowheader", name="安装费")).not_to_contain_text("不同")


def test_a_comparison_moves_in_its_own_frame_on_a_phone(visitor: Visitor) -> None:
    page = visitor.open(COMPARISON, width=320)
    frame = page.get_by_role("region", name="对比表")
    assert frame.evaluate("e => e.scrollWidth > e.clientWidth")
    frame.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("columnheader").last).to_be_in_viewport(ratio=0.5)
    expect(page.get_by_role("rowheader", name="月费")).to_be_in_viewport(ratio=0.5)


def test_fees_are_searched_without_javascript(visitor: Visitor) -> None:
    page = visitor.open("/fees?audience=home", script=False)
    page.get_by_text("搜索和更多条件").click()
    page.get_by_label("搜索", exact=True).fill("千兆")
    page.get_by_label("月费不高于").fill("128")
    page.get_by_label("排序").select_option("月费从低到高")
    page.get_by_role("button", name="筛选").click()
    expect(page.get_by_role("rowheader")).to_have_count(2)
    expect(page.get_by_role("rowheader").first).to_contain_text("千兆家庭套餐")
    expect(page.get_by_label("搜索", exact=True)).to_have_value("千兆")
    page.get_by_role("link", name="企业宽带", exact=True).click()
    expect(page.get_by_text("没有符合条件的资费")).to_be_visible()
    page.get_by_role("link", name="全部在售资费").click()
    expect(page.get_by_role("rowheader")).to_have_count(17)


def test_the_price_and_its_change_are_in_the_first_screen_of_a_phone(visitor: Visitor) -> None:
    page = visitor.open(PLAN, width=360, height=640)
    expect(page.locator(".answer .promise")).to_have_text("129 元/月")
    expect(page.locator(".answer .promise")).to_be_in_viewport(ratio=1)
    band = page.get_by_role("region", name="资费变动").locator(".change-band").first
    expect(band).to_contain_text("自2027年1月1日起")
    expect(band).to_contain_text("129")
    expect(band.locator(".change-line")).to_be_in_viewport(ratio=1)


def test_pages_grow_to_twice_their_size(visitor: Visitor) -> None:
    # A window of 640 px at 200 % is laid out as one of 320.
    page = visitor.open(width=320, height=400, scale=2)
    for path in _OPEN_PAGES:
        page.goto(path)
        assert_no_sideways_scrolling(page)


def test_printed_fees_are_a_table_without_switches(visitor: Visitor) -> None:
    page = visitor.open("/fees", width=660)
    page.emulate_media(media="print")
    assert page.locator(".plans").first.evaluate("e => getComputedStyle(e).display") == "table"
    for hidden in ("header nav", ".filters", ".criteria", ".compare-bar", ".pick >> nth=0"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.get_by_role("rowheader")).to_have_count(17)
    page.goto(COMPARISON)
    assert page.locator(".compared").evaluate("e => e.scrollWidth <= e.parentElement.clientWidth + 1")
