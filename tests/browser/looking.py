"""What must hold of any page, whoever it is for."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))"""


def assert_accessible(page: Page, *, elder: bool = False) -> None:
    """Axe finds nothing; with `elder`, not even less contrast than 7:1."""
    rules = {"color-contrast-enhanced": {"enabled": elder}, "target-size": {"enabled": True}}
    page.wait_for_load_state()
    options = {"runOnly": {"type": "tag", "values": _TAGS}, "rules": rules, "resultTypes": ["violations"]}
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    told = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
    assert not told, told


def assert_no_sideways_scrolling(page: Page) -> None:
    """The page itself fits the window, whatever a part of it does."""
    # A click returns once the next page begins, which may be before it has anything in it.
    page.wait_for_load_state()
    wide = page.evaluate(_TOO_WIDE)
    assert not wide, (page.title(), wide)
