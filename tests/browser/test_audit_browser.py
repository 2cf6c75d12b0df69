"""The audit trail in a browser: read, narrowed by keyboard, on a phone and a desk."""

import re
from collections.abc import Callable

import pytest
from looking import LANGUAGES, assert_for_everybody
from playwright.sync_api import expect
from sqlalchemy import text
from stories import NOW
from visiting import Clerk

from tracker import clock
from tracker.audit.append import append
from tracker.audit.rules import Action
from tracker.orders.place_orders import Placed
from tracker.runtime import Runtime


@pytest.fixture
def order(runtime: Runtime, place: Callable[..., Placed], monkeypatch: pytest.MonkeyPatch) -> str:
    """An order whose customer was looked up, called and put right; and an account that was opened."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    number = place().number
    with runtime.db.transaction() as connection:
        order_id = connection.scalar(text("SELECT id FROM orders WHERE number = :n"), {"n": number})
        for action, actor, subject, fields, why in (
            (Action.GRANTED, "console:root", "account:1", ("role",), "新入职"),
            (Action.SAW, "staff:wang.min", f"order:{order_id}", ("contact_phone",), "致电客户"),
            (
                Action.CHANGED,
                "staff:wang.min",
                f"order:{order_id}",
                ("contact_phone", "address_detail"),
                "客户来电更正：楼号写错，电话换了新的号码",
            ),
        ):
            append(connection, action, operator_id=1, actor=actor, subject=subject, fields=fields, why=why)
    return number


def test_the_trail_is_narrowed_by_keyboard(clerk: Clerk, order: str) -> None:
    page = clerk.enter("/audit", width=1280)
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_label("订单号或投诉编号").focus()
    page.keyboard.type(order)
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_label("事项").select_option("改了")
    page.get_by_role("button", name="筛选").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("联系电话、详细地址")
    page.get_by_role("link", name=order).click()
    expect(page).to_have_url(re.compile(f"/orders/{order}$"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_for_everybody(clerk: Clerk, order: str, language: str) -> None:
    page = clerk.enter("/audit", width=390, language=language)
    assert_for_everybody(page, language)
    page.goto("/audit?who=nobody")
    assert_for_everybody(page, language)
