"""How a customer gets to the second level of an order: with a code that went to its phone."""

import re
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


def until_said(page: Page, kind: str) -> None:
    """To the order's page that tells what came of a request. Where a worker takes longer than the site waits,
    it says so, and is asked again, as a customer would.
    """
    for _ in range(30):
        page.wait_for_url(re.compile(r"/order(\?said=|/requests/)"))
        if "/requests/" not in page.url:
            break
        page.wait_for_timeout(500)
        page.locator("main a.primary").click()
        page.wait_for_load_state()
    page.wait_for_url(f"**/order?said={kind}")
