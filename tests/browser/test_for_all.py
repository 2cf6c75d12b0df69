"""Every open page for everybody: any width, both languages, large type, by keyboard, without scripts."""

from collections.abc import Iterator
from typing import Any

import pytest
from fee_stories import COMPARISON, ENDED_PLAN, PLAN
from looking import assert_accessible, assert_large_type, assert_no_sideways_scrolling
from playwright.sync_api import Page, expect
from visiting import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("tariffs", "figures")]

PAGES = (
    "/",
    "/fees",
    PLAN,
    ENDED_PLAN,
    COMPARISON,
    "/fees/changes",
    "/process",
    "/standard",
    "/outages",
    "/figures",
    "/figures?operator=telecom",
    "/figures?operator=unicom",
    "/accessibility",
    "/privacy",
    "/print",
    "/nowhere",
)
# The narrowest screen, which is also one of 640 px at 200 %; a phone; a desktop at 200 %; a desktop.
WIDTHS = (320, 390, 640, 1280)

_FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
# The place of what has the focus among all that can have it, and how it is marked.
_FOCUSED = f"""() => {{
  const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
  return [[...document.querySelectorAll(`{_FOCUSABLE}`)].filter(one => one.checkVisibility()).indexOf(e),
    s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2,
    b.bottom > 0 && b.top < innerHeight] }}"""


def each(page: Page) -> Iterator[str]:
    for path in PAGES:
        page.goto(path)
        yield path


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_large_type_fits_every_width_and_is_large_well_spaced_and_easy_to_press(
    visitor: Visitor, language: str
) -> None:
    page = visitor.open(language=language, elder=True)
    for _ in each(page):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 780})
            assert_no_sideways_scrolling(page)
            assert_large_type(page)


def test_every_open_page_is_accessible_in_large_type_on_a_desktop_too(visitor: Visitor) -> None:
    page = visitor.open(width=1280, elder=True, language="en-GB")
    for _ in each(page):
        assert_accessible(page, elder=True, looks_only=True)


@pytest.mark.parametrize("width", [390, 1280])
def test_everything_is_reached_by_keyboard_and_seen_to_be(visitor: Visitor, width: int) -> None:
    page = visitor.open(width=width)
    for path in each(page):
        count = page.evaluate(
            f"[...document.querySelectorAll(`{_FOCUSABLE}`)].filter(e => e.checkVisibility()).length"
        )
        reached = []
        for _ in range(count):
            page.keyboard.press("Tab")
            place, marked, in_view = page.evaluate(_FOCUSED)
            assert marked, (path, place)
            assert in_view, (path, place)
            reached.append(place)
        assert reached == list(range(count)), path


def test_every_page_works_without_scripts(visitor: Visitor) -> None:
    page = visitor.open(script=False)
    for path in each(page):
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        # Data for search engines is no script.
        assert page.locator("script:not([type='application/ld+json'])").count() == 0, path


def test_the_sheet_fits_one_page_of_either_size(visitor: Visitor) -> None:
    page = visitor.open("/print", width=1280)
    for paper in ("A4", "A5"):
        for language in ("zh", "en"):
            page.goto(f"/print?lang={language}")
            assert pages_in(page.pdf(format=paper)) == 1
    page.emulate_media(media="print")
    for hidden in ("header", "footer", ".screen-only >> nth=0"):
        expect(page.locator(hidden).first).to_be_hidden()
    picture = page.get_by_role("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("e => e.naturalWidth > 0 && e.clientWidth >= 150")


def pages_in(document: bytes) -> int:
    """How many pages a PDF has."""
    return document.count(b"/Type /Page\n")


def test_a_printed_status_is_one_sheet_with_everything_on_it(visitor: Visitor, order: Any) -> None:
    page = visitor.open(width=1280)
    visitor.look_up(page, order("late"))
    assert pages_in(page.pdf(format="A4")) <= 2
    page.emulate_media(media="print")
    for hidden in ("header nav", ".elsewhere", ".switches"):
        expect(page.locator(hidden).first).to_be_hidden()
    for shown in (".answer", ".timeline", ".facts"):
        expect(page.locator(shown).first).to_be_visible()


def test_figures_are_told_in_words_beside_their_picture(visitor: Visitor) -> None:
    page = visitor.open("/figures?operator=telecom")
    row = page.get_by_role("row").filter(has_text="2026年10月").last
    expect(row).to_contain_text("96%")
    expect(row).to_contain_text("50单中48单按时")
    expect(row).to_contain_text("市政施工 1、用户撤单 1")
    bar = row.locator("svg").first
    expect(bar).to_have_attribute("aria-hidden", "true")
    width = "e => e.getBoundingClientRect().width"
    whole, part = (bar.locator("rect").nth(place).evaluate(width) for place in (0, 1))
    assert part / whole == pytest.approx(0.96, abs=0.01)
