"""What must hold of any page, whoever it is for."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What another language, width or scheme can spoil on a page whose markup was looked at before.
_LOOKS = [
    "color-contrast",
    "link-in-text-block",
    "target-size",
    "scrollable-region-focusable",
    "html-has-lang",
    "valid-lang",
    "empty-heading",
    "link-name",
    "button-name",
    "label",
]
# [law] WCAG 2.2, 1.4.10: nothing scrolls sideways at so many pixels.
_NARROWEST = 320
_TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))"""


def assert_accessible(page: Page, *, elder: bool = False, looks_only: bool = False) -> None:
    """Axe finds nothing; with `elder`, not even less contrast than 7:1.

    `looks_only`: all rules were asked of the same page in another language, width or scheme.
    """
    page.wait_for_load_state()
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if looks_only:
        rules = [*_LOOKS, "color-contrast-enhanced"] if elder else _LOOKS
        options["runOnly"] = {"type": "rule", "values": rules}
    else:
        options["runOnly"] = {"type": "tag", "values": _TAGS}
        options["rules"] = {"color-contrast-enhanced": {"enabled": elder}, "target-size": {"enabled": True}}
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    told = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
    assert not told, told


def assert_no_sideways_scrolling(page: Page) -> None:
    """The page itself fits the window, whatever a part of it does."""
    # A click returns once the next page begins, which may be before it has anything in it.
    page.wait_for_load_state()
    wide = page.evaluate(_TOO_WIDE)
    assert not wide, (page.title(), wide)


def assert_fits_the_narrowest_screen(page: Page) -> None:
    """The page as it is shown now fits 320 px, too; afterwards the window is as wide as before.

    In the window in which all else is looked at: to open each page once more would cost more than the look.
    """
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": _NARROWEST, "height": size["height"]})
    assert_no_sideways_scrolling(page)
    page.set_viewport_size(size)
