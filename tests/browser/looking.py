"""What must hold of any page, whoever it is for."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, Page

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What another width or scheme can spoil on a page whose markup was looked at before.
_LOOKS = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]
# And what another language can.
_WORDS = [
    "html-has-lang",
    "valid-lang",
    "target-size",
    "scrollable-region-focusable",
    "empty-heading",
    "link-name",
    "button-name",
    "label",
]
# [law] WCAG 2.2, 1.4.10: nothing scrolls sideways at so many pixels.
_NARROWEST = 320
_DESKTOP = 1280
# The same, of which half is wanted: between a phone and a desktop, where columns change.
_HALF = 640
# Pixels of the large type and of what is pressed there, and lines to a letter.
_ELDER_TYPE, _ELDER_TARGET, _ELDER_SPACING = 24, 60, 1.5
# In each of them a test opens its pages once more.
LANGUAGES = ("zh-CN", "en")
# Half a megabyte, which a browser is handed once, and takes up on the pages alone that it is asked on.
_AXE = f"window.axeOfTests = () => {{ if (!window.axe) {{ {AXE_SCRIPT} }} return window.axe; }}; 0"
# Of its findings nothing is told but what is wrong: the rest takes longer to tell than to find.
_FOUND = """options => window.axeOfTests && axeOfTests().run(options).then(found =>
  found.violations.map(one => [one.id, one.nodes.map(node => node.html)]))"""
_have_axe: WeakSet[BrowserContext] = WeakSet()
_TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))"""

# Text that is read: not what helpers alone see, nor what is only drawn.
_TYPE = """() => [...document.querySelectorAll('body *')]
  .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.checkVisibility() &&
    !e.closest('.unseen, .skip, [aria-hidden]'))
  .map(e => { const s = getComputedStyle(e), size = parseFloat(s.fontSize);
    return [e.textContent.trim().slice(0, 40), size, parseFloat(s.lineHeight) / size] })"""
# Whatever can be pressed or typed into; a choice together with its words.
_TARGETS = """() => [...document.querySelectorAll('a, button, select, summary, textarea,' +
    ' label:has([type=radio]), input:not([type=hidden], [type=radio])')]
  .filter(e => !e.matches('.skip') && e.checkVisibility())
  .map(e => { const b = e.getBoundingClientRect();
    return [e.textContent.trim().slice(0, 40) || e.id, b.width, b.height] })"""


def assert_accessible(page: Page, *, elder: bool = False, looks_only: bool = False) -> None:
    """Axe finds nothing; with `elder`, not even less contrast than 7:1.

    `looks_only`: all rules were asked of the same page in another width or scheme.
    """
    if looks_only:
        _assert_nothing_found(page, _of_rules([*_LOOKS, "color-contrast-enhanced"] if elder else _LOOKS))
        return
    rules = {"color-contrast-enhanced": {"enabled": elder}, "target-size": {"enabled": True}}
    _assert_nothing_found(page, {"runOnly": {"type": "tag", "values": _TAGS}, "rules": rules})


def _of_rules(names: Sequence[str]) -> dict[str, Any]:
    return {"runOnly": {"type": "rule", "values": names}}


def _assert_nothing_found(page: Page, options: dict[str, Any]) -> None:
    page.wait_for_load_state()
    # Its own fetch of the style sheets serves one rule, about orientation, for which none of ours has a line.
    options = {"resultTypes": ["violations"], "preload": False, **options}
    if page.context not in _have_axe:
        page.context.add_init_script(_AXE)
        _have_axe.add(page.context)
    told = page.evaluate(_FOUND, options)
    if told is None:
        # It was opened before, or its own scripts are switched off.
        page.evaluate(_AXE)
        told = page.evaluate(_FOUND, options)
    assert told == [], told


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
    with _as_wide_as(page, _NARROWEST):
        assert_no_sideways_scrolling(page)


def assert_large_type(page: Page) -> None:
    """The page is in the type for elders: large, well spaced, and easy to press."""
    cramped = [one for one in page.evaluate(_TYPE) if one[1] < _ELDER_TYPE or one[2] < _ELDER_SPACING]
    assert not cramped, (page.url, cramped)
    narrow = [one for one in page.evaluate(_TARGETS) if min(one[1:]) < _ELDER_TARGET]
    assert not narrow, (page.url, narrow)


def assert_for_everybody(page: Page, language: str = "zh-CN") -> None:
    """The page as it is shown now, on a phone in light, is accessible and fits; and so on a desktop in the
    dark, and on the narrowest screen; and it fits half a desktop.

    In one window, and what costs most once: the colours are of the scheme and not of the language, the markup
    is of neither. So in another language than Chinese only what words can spoil is looked at.
    """
    in_chinese = language == "zh-CN"
    if in_chinese:
        assert_accessible(page)
    else:
        _assert_nothing_found(page, _of_rules(_WORDS))
    assert_no_sideways_scrolling(page)
    with _as_wide_as(page, _HALF):
        assert_no_sideways_scrolling(page)
    with _as_wide_as(page, _DESKTOP):
        assert_no_sideways_scrolling(page)
        if in_chinese:
            page.emulate_media(color_scheme="dark")
            assert_accessible(page, looks_only=True)
            page.emulate_media(color_scheme="light")
    assert_fits_the_narrowest_screen(page)


@contextmanager
def _as_wide_as(page: Page, width: int) -> Iterator[None]:
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": width, "height": size["height"]})
    yield
    page.set_viewport_size(size)
