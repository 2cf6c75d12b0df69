"""The money of an order, as staff see it in a browser."""

from collections.abc import Callable
from typing import Any

import pytest
from looking import assert_accessible, assert_no_sideways_scrolling
from playwright.sync_api import expect
from visiting import Clerk

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    "how",
    [{"width": 320}, {"width": 390, "dark": True}, {"width": 1280, "language": "en-GB"}],
    ids=lambda how: "-".join(map(str, how.values())),
)
@pytest.mark.parametrize("story", ["fees", "given_back", "late"])
def test_the_page_is_accessible_and_fits(
    clerk: Clerk, order: Callable[[str], str], how: dict[str, Any], story: str
) -> None:
    page = clerk.enter(f"/orders/{order(story)}/fees", **how)
    assert_accessible(page)
    assert_no_sideways_scrolling(page)
    page.goto("/")
    assert_no_sideways_scrolling(page)


def test_a_clerk_finds_what_is_open_from_the_list(clerk: Clerk, order: Callable[[str], str]) -> None:
    order("fees")
    page = clerk.enter("/", width=1280)
    page.get_by_role("link", name="待缴 180 元").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("待缴 180 元")
    expect(page.get_by_text("另待退还 250 元")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(12)
    page.get_by_role("link", name="承诺", exact=True).click()
    expect(page.get_by_role("link", name="费用", exact=True)).to_be_visible()
