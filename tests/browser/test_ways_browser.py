"""The ways on from the staff pages where there are two rows: nothing jumps, the present place is seen."""

import pytest
from looking import assert_accessible, assert_no_sideways_scrolling
from playwright.sync_api import expect
from visiting import Clerk

pytestmark = pytest.mark.browser

_MAIN = "document.querySelector('main').getBoundingClientRect().top"


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_moves_the_ways_on(clerk: Clerk, width: int) -> None:
    page = clerk.enter("/staff", width=width)
    nav = page.get_by_role("navigation", name="主导航")
    tops = set()
    for path in ("/staff", "/account", "/real-name", "/tariff-changes"):
        page.goto(path)
        tops.add((page.evaluate(_MAIN), nav.bounding_box()["y"]))  # type: ignore[index]
        assert_no_sideways_scrolling(page)
    assert len(tops) == 1
    page.goto("/audit")
    within = page.get_by_role("navigation", name="本栏目")
    expect(within.locator("[aria-current=page]")).to_have_text("审计记录")
    expect(nav.locator("[aria-current=true]")).to_have_text("设置")
    assert_accessible(page)


def test_the_row_of_places_is_one_line_on_a_phone_and_shows_where_one_is(clerk: Clerk) -> None:
    page = clerk.enter("/real-name", width=390, language="en-GB", dark=True)
    within = page.get_by_role("navigation", name="In this section")
    expect(within.locator("[aria-current=page]")).to_be_in_viewport(ratio=1)
    lines = within.locator("a").evaluate_all("ways => ways.map(way => way.getBoundingClientRect().top)")
    assert len(set(lines)) == 1
    within.locator("a").first.focus()
    expect(within.locator("a").first).to_be_in_viewport(ratio=1)
    assert_accessible(page, looks_only=True)
