"""The board of figures in a browser: phone and desk, zh and en, light and dark, by keyboard, with a chart."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from looking import LANGUAGES, assert_for_everybody, assert_no_sideways_scrolling
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from stories import NOW
from visiting import Clerk

from tests.backdated_orders import Backdated
from tracker import clock
from tracker.embedded import Servers
from tracker.figures.keep_cells import keep_cells
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

pytestmark = pytest.mark.browser

_DAYS = 20
# Of two orders a day every fifth came late.
_LATE_EVERY = 5


@pytest.fixture
def board(
    runtime: Runtime,
    stores: Servers,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    clerk: Clerk,
    monkeypatch: pytest.MonkeyPatch,
) -> Clerk:
    """A manager whose operator had orders due every day, some late."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    pattern = place(dealer="新城代理点").number
    engine = create_engine(stores.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        for number in range(2 * _DAYS):
            due = NOW - timedelta(days=number / 2 + 1)
            order = Backdated(connection, pattern, channel.operator_id)
            order.promise(due)
            order.event("accepted", "accepted", due - timedelta(days=2))
            late = timedelta(hours=5) if number % _LATE_EVERY == 0 else -timedelta(hours=5)
            order.event("stage", "activated", due + late)
    engine.dispose()
    keep_cells(runtime.db)
    return clerk


@pytest.fixture
def told(board: Clerk) -> Iterator[list[str]]:
    """What browsers complain of, the rules against scripts and styles within pages among it: nothing."""
    said: list[str] = []
    yield said
    assert said == []


def opened(board: Clerk, told: list[str], path: str, **how: object) -> Page:
    page = board.enter("/account", **how)
    page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(path)
    return page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_board_is_for_everybody(board: Clerk, told: list[str], language: str) -> None:
    page = opened(board, told, "/figures", width=390, language=language)
    for path in (
        "/figures",
        "/figures?split=dealer&by=week",
        "/figures?first=2026-02-30&last=x",
        "/figures?first=2024-01-01&last=2024-01-31",
        "/figures/orders?of=late",
    ):
        # A redirect or a fault is no error of the page's.
        told.clear()
        page.goto(path)
        if path in ("/figures", "/figures?split=dealer&by=week"):
            expect(page.locator("[data-chart] svg")).to_have_count(2)
        told[:] = [one for one in told if "422" not in one]
        assert_for_everybody(page, language)
        assert told == []


def test_a_manager_goes_from_a_rate_to_its_orders(board: Clerk, told: list[str]) -> None:
    page = opened(board, told, "/figures", width=1280)
    late = 2 * _DAYS // _LATE_EVERY
    top = page.locator("[aria-labelledby='dash-due']")
    expect(top.locator(".dash-rate")).to_have_text("80%")
    top.get_by_role("link", name=f"{late} 单超时").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("超出首次承诺的工单")
    expect(page.locator("tbody tr")).to_have_count(late)
    expect(page.locator("tbody tr").first).to_contain_text("晚 5 小时")
    page.get_by_role("link", name="返回看板").click()
    page.get_by_role("link", name="代理商").click()
    expect(page.locator("#split-table")).to_contain_text("新城代理点")
    page.get_by_label("从", exact=True).fill("2026-01-02")
    page.get_by_label("到", exact=True).fill("2026-01-01")
    page.get_by_role("button", name="统计").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("早于开始日期")
    alert.get_by_role("link").press("Enter")
    expect(page.get_by_label("到", exact=True)).to_be_focused()
    told[:] = [one for one in told if "422" not in one]


def test_a_press_on_a_chart_opens_orders(board: Clerk, told: list[str]) -> None:
    page = opened(board, told, "/figures", width=1280)
    chart = page.locator("[data-chart=trend]")
    expect(chart.locator("svg path").first).to_be_attached()
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    # The last day but a few: near the right, anywhere in its column.
    with page.expect_navigation(url="**/figures/orders?**"):
        page.mouse.click(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2)
    expect(page.locator("tbody tr").first).to_be_visible()
    page.go_back()
    county = page.locator("[data-chart=map] svg text").filter(has_text="清城区")
    expect(county).to_be_visible()
    county.scroll_into_view_if_needed()
    spot = county.bounding_box()
    assert spot is not None
    with page.expect_navigation(url="**county=441802**"):
        page.mouse.click(spot["x"] + spot["width"] / 2, spot["y"] - 6)
    expect(page.locator(".dash-scope")).to_contain_text("清城区")


def test_without_a_script_the_tables_stand_alone(board: Clerk) -> None:
    page = board.enter("/figures", width=390, script=False)
    expect(page.locator(".dash-drawn").first).to_be_hidden()
    expect(page.locator("#trend-table")).to_be_visible()
    expect(page.locator("#split-table")).to_contain_text("清城区")
    page.get_by_role("link", name="按周").click()
    expect(page.locator("#trend-table tbody tr").first).to_contain_text("–")
    assert_no_sideways_scrolling(page)


def test_motion_and_colours_follow_the_reader(board: Clerk, told: list[str]) -> None:
    page = opened(board, told, "/figures", width=1280, dark=False)
    line = page.locator("[data-chart=trend] svg path[stroke]").last
    expect(line).to_be_attached()
    light = page.locator("[data-chart=trend] svg").inner_html()
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.wait_for_function(
        "light => document.querySelector('[data-chart=trend] svg').innerHTML !== light", arg=light
    )
    expect(page.locator("[data-chart=trend] svg")).to_contain_text("100%")
