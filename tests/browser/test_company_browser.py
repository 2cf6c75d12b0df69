"""A company's clerk looks an order up by the credit code: by keyboard, without JavaScript."""

from collections.abc import Callable
from typing import Any

import pytest
from looking import assert_accessible, assert_no_sideways_scrolling
from playwright.sync_api import expect
from stories import BUSINESS
from visiting import Visitor

from tracker.orders.place_orders import Placed

pytestmark = pytest.mark.browser

CODE = "91350100M000100Y43"


@pytest.mark.parametrize("how", [{}, {"width": 1280, "language": "en-GB"}, {"width": 320, "elder": True}])
def test_the_form_of_companies_is_for_everybody(visitor: Visitor, how: dict[str, Any]) -> None:
    page = visitor.open("/?audience=enterprise", **how)
    assert_accessible(page, elder="elder" in how)
    assert_no_sideways_scrolling(page)
    page.locator("#last4").fill("12")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#last4-fault")).to_be_visible()
    assert_accessible(page, elder="elder" in how)
    assert_no_sideways_scrolling(page)


def test_a_clerk_pastes_the_code(visitor: Visitor, place: Callable[..., Placed]) -> None:
    number = place(accepted_at="2026-11-23T09:30:00+08:00", customer__credit_code=CODE, **BUSINESS).number
    page = visitor.open(script=False)
    page.get_by_role("link", name="企业可用统一社会信用代码后四位").click()
    page.get_by_label("订单号", exact=True).fill(number.lower())
    page.keyboard.press("Tab")
    # Nobody's order yet: the same form again, and what was typed of the number is not lost.
    page.keyboard.type("0Y44")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("订单号与后四位对不上")
    expect(page.get_by_label("订单号", exact=True)).to_have_value(number.lower())
    page.get_by_label("手机号后四位，或统一社会信用代码后四位").fill(f"{CODE[:9]} {CODE[9:].lower()}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("已受理")
    expect(page.locator(".answer")).to_contain_text(number)
