"""The promise of an order explained, as staff see it."""

from collections.abc import Callable

import pytest
from looking import LANGUAGES, assert_for_everybody, assert_no_sideways_scrolling
from playwright.sync_api import expect
from stories import STORIES
from visiting import Clerk, Visitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_is_for_everybody(clerk: Clerk, order: Callable[[str], str], language: str) -> None:
    page = clerk.enter(language=language)
    for name in STORIES:
        page.goto(f"/orders/{order(name)}/promise")
        page.locator("summary").click()
        assert_for_everybody(page, language)


def test_it_fits_the_narrowest_screen(clerk: Clerk, order: Callable[[str], str]) -> None:
    page = clerk.enter(f"/orders/{order('held')}/promise", width=320)
    assert_no_sideways_scrolling(page)
    # The drawing scrolls in a frame of its own, by keyboard too.
    frame = page.get_by_role("region", name="时间线，可左右滚动")
    frame.focus()
    page.keyboard.press("ArrowRight")
    expect(frame).not_to_have_js_property("scrollLeft", 0)


def test_the_timeline_shows_every_day_and_moment(clerk: Clerk, order: Callable[[str], str]) -> None:
    page = clerk.enter(f"/orders/{order('held')}/promise", width=1280)
    expect(page.get_by_role("heading", level=1)).to_have_text("承诺 12月7日（周一）18:00 前装通")
    drawing = page.locator(".promise-drawing")
    days = drawing.locator(".day")
    expect(days).to_have_count(22)  # Monday 16 November to Monday 7 December
    expect(drawing.locator("[data-part=counted] .sign")).to_have_text([str(n) for n in range(1, 11)])
    expect(drawing.locator("[data-part=held]")).to_have_count(5)
    expect(drawing.locator("[data-part=rest]")).to_have_count(6)
    expect(drawing.locator(".hold")).to_have_count(3)
    expect(drawing.locator(".moment text")).to_have_text(
        [
            "受理 11月16日 16:05",
            "首次期限 11月19日（周四）18:00",
            "期限 12月7日（周一）18:00",
            "现在 11月24日 08:40",
        ]
    )
    # In the order of time from left to right, with now between the first deadline and the present one.
    lefts = [mark.bounding_box()["x"] for mark in drawing.locator(".moment circle").all()]
    assert lefts[0] < lefts[1] < lefts[3] < lefts[2]


def test_the_same_is_said_in_words(clerk: Clerk, order: Callable[[str], str]) -> None:
    page = clerk.enter(f"/orders/{order('held')}/promise", width=1280, script=False)
    page.locator("summary").click()
    rows = page.locator(".promise-days tbody tr")
    expect(rows).to_have_count(22)
    expect(rows.nth(0)).to_contain_text("受理当日，不计")
    expect(rows.nth(1)).to_contain_text("第 1 日 · 计入")
    expect(rows.nth(2)).to_contain_text("暂停计时，不计")
    expect(rows.nth(5)).to_contain_text("休息日，不计")
    ledger = page.locator(".ledger > li")
    expect(ledger).to_have_count(6)
    expect(ledger.nth(3)).to_contain_text("第 1 条缓装自 11月23日 10:00 起恢复计时")
    expect(ledger.nth(4)).to_contain_text("依据：核查单2026-1187")
    expect(ledger.nth(5)).to_contain_text("期限 12月7日（周一）18:00")


def test_staff_see_who_was_named_to_follow_up(clerk: Clerk, order: Callable[[str], str]) -> None:
    page = clerk.enter(f"/orders/{order('delayed')}/promise")
    expect(page.locator(".ledger > li").nth(1)).to_contain_text("跟进人 王敏，分机 8")
    page.goto(f"/orders/{order('late_again')}/promise")
    line = page.locator(".ledger > li").nth(1)
    expect(line).to_contain_text("跟进人 王敏")
    expect(line).not_to_contain_text("分机")


def test_it_is_reached_from_the_list_and_leads_back(clerk: Clerk, order: Callable[[str], str]) -> None:
    number = order("near")
    page = clerk.enter(width=1280)
    page.get_by_role("link", name=number).click()
    page.get_by_role("link", name="承诺", exact=True).click()
    expect(page.get_by_text("承诺以来没有缓装、重新承诺或其他变更。")).to_be_visible()
    page.get_by_role("link", name="返回工单列表").click()
    expect(page.get_by_role("link", name=number)).to_be_visible()


def test_the_customer_sees_the_new_date_beside_the_first_one(
    visitor: Visitor, order: Callable[[str], str]
) -> None:
    page = visitor.open()
    visitor.look_up(page, order("held"))
    expect(page.locator(".answer .promise")).to_have_text("承诺 12月7日（周一）18:00 前装通")
    expect(page.locator(".answer")).to_contain_text("原承诺 11月19日（周四）18:00")
    expect(page.locator(".answer")).to_contain_text("11月26–27日暂停计时，不计")
