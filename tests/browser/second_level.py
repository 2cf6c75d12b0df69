"""How a customer gets to the second level of an order: with a code that went to its phone."""

from typing import Any

from playwright.sync_api import Page
from visiting import Visitor

from tests.holding import CODE, store_code
from tracker.runtime import Runtime


def enter(visitor: Visitor, runtime: Runtime, number: str, **how: Any) -> Page:
    """Looks the order up, and types the code that went to its phone."""
    page = visitor.open(**how)
    visitor.look_up(page, number)
    page.locator("button[name=send]").click()
    store_code(runtime, number)
    page.locator("#code").fill(CODE)
    page.locator("form[action='/code/check'] button").click()
    page.wait_for_url("**/order")
    return page
