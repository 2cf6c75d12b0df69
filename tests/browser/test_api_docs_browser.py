"""The API's pages in a browser: browsed on a desktop and a phone, and of use without scripts too."""

import pytest
from looking import LANGUAGES, assert_for_everybody, assert_no_sideways_scrolling
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "language"), [(390, "zh"), (1280, "en")])
def test_an_operation_shows_its_example_and_its_rules(
    browser: Browser, desk: str, width: int, language: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url) if desk not in request.url else None)
    page.goto(f"{desk}/api/v1/docs?lang={language}")
    place = page.locator("#operations-Orders-placeOrder")
    place.locator("button.opblock-summary-control").click()
    expect(place.get_by_text('"GZ-20261124-0001"').first).to_be_visible(timeout=15_000)
    expect(place.get_by_text("order.unknown_plan").first).to_be_visible()
    assert_no_sideways_scrolling(page)
    assert trouble == []
    assert [url for url in elsewhere if not url.startswith("data:")] == []
    context.close()


def test_without_scripts_the_page_says_where_the_description_is(browser: Browser, desk: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{desk}/api/v1/docs?lang=en")
    expect(page.locator("#api-docs a").first).to_have_attribute("href", "/api/v1/openapi.json")
    page.locator("#api-docs a").last.click()
    expect(page.locator("h1")).to_have_text("Problem rules")
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_rules_is_for_everybody(browser: Browser, desk: str, language: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.goto(f"{desk}/api/v1/problems?lang={language[:2]}#order.not_found")
    expect(page.locator("[id='order.not_found']")).to_be_in_viewport()
    assert_for_everybody(page, language)
    context.close()
