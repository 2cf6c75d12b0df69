"""A half-year report in a browser: made by one manager, approved by another, read as a document."""

from collections.abc import Callable

import pytest
from looking import assert_accessible, assert_fits_the_narrowest_screen, assert_no_sideways_scrolling
from playwright.sync_api import Page, expect
from visiting import Clerk

from tests.reporting import NOW, Office
from tracker import clock
from tracker.embedded import Servers
from tracker.orders.place_orders import Placed
from tracker.reports.build_reports import build_reports
from tracker.runtime import Runtime
from tracker.staff.create_account import create_account


@pytest.fixture
def office(
    runtime: Runtime,
    stores: Servers,
    clerk: Clerk,
    place: Callable[..., Placed],
    monkeypatch: pytest.MonkeyPatch,
) -> Office:
    """Orders of the first half, and somebody else who can review."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    for username, name, operator_id, role in (
        ("li.hua", "李华", 1, "manager"),
        ("regulator", "市工信局", None, "regulator"),
    ):
        create_account(
            runtime.db,
            username=username,
            password=Clerk.password,
            role=role,
            display_name=name,
            operator_id=operator_id,
        )
    made = Office(runtime, stores.owner_url)
    made.orders(place().number, 45, dealer="清城金桥通信")
    return made


def assert_every_table_fits(page: Page) -> None:
    """No table is wider than what it stands in, and nothing around one scrolls sideways by itself."""
    wide = page.evaluate(
        """() => [...document.querySelectorAll('table')].filter(one => {
          for (let around = one.parentElement; around; around = around.parentElement) {
            if (one.getBoundingClientRect().right > around.getBoundingClientRect().right + 1) return true;
          }
          return one.scrollWidth > one.clientWidth + 1;
        }).map(one => one.caption && one.caption.innerText)"""
    )
    assert not wide, wide


def press(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def test_a_report_is_made_reviewed_and_submitted(clerk: Clerk, office: Office) -> None:
    page = clerk.enter("/reports", width=1280, height=900)
    assert_accessible(page)
    with page.expect_navigation():
        page.get_by_role("button", name="生成报告 2026年上半年").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    address = page.url
    build_reports(office.runtime)
    # The page looks again by itself.
    expect(page.get_by_role("heading", name="一、报装受理")).to_be_visible(timeout=10_000)
    expect(page.get_by_role("heading", name="还缺 8 个县（市、区）的自查")).to_be_visible()
    page.get_by_role("link", name="填报自查").click()
    page.get_by_role("link", name="清城区").click()
    # By keyboard alone.
    page.get_by_label("自查日期").fill("2026-06-20")
    for label, said in (("检查部门", "市场部"), ("发现的问题", "未发现问题"), ("整改措施", "继续保持")):
        page.get_by_label(label).focus()
        page.keyboard.type(said)
    page.get_by_role("button", name="保存").focus()
    assert_accessible(page)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("未发现问题")).to_be_visible()
    office.check_all(but=["441802"])
    page.goto(address)
    press(page, "重新生成")
    build_reports(office.runtime)
    page.goto(address)
    press(page, "送审")
    expect(page.get_by_role("button", name="审核通过")).to_have_count(0)

    other = clerk.enter(address, username="li.hua", width=390, height=844, language="en-GB")
    expect(other.get_by_role("heading", name="First half of 2026", exact=True)).to_be_visible()
    assert_accessible(other)
    assert_fits_the_narrowest_screen(other)
    assert_every_table_fits(other)
    press(other, "Approve")
    press(other, "Submit and freeze")
    expect(other.get_by_text("frozen: whatever becomes")).to_be_visible()
    page.reload()
    assert_accessible(page)
    assert_no_sideways_scrolling(page)
    # The narrowest screen on which tables are tables.
    page.set_viewport_size({"width": 960, "height": 900})
    assert_every_table_fits(page)
    with page.expect_download() as taken:
        page.get_by_role("link", name="PDF").click()
    assert taken.value.suggested_filename == "report-2026H1-r1.pdf"


def test_the_regulator_compares_operators_in_the_dark_and_without_script(
    clerk: Clerk, office: Office
) -> None:
    office.submitted()
    page = clerk.enter("/", username="regulator", width=390, height=844, dark=True, script=False)
    page.goto("/regulator")
    page.get_by_label("半年度").select_option("2026H1")
    press(page, "查看")
    expect(page.get_by_role("heading", level=1)).to_contain_text("2026年上半年")
    expect(page.get_by_role("table", name="各运营商按时率")).to_contain_text("毛按时率")
    expect(page.get_by_role("row", name="英德市").first).to_be_visible()
    assert_every_table_fits(page)
    assert_fits_the_narrowest_screen(page)
    page.get_by_role("link", name="第 1 版").first.click()
    expect(page.get_by_role("heading", name="清远市宽带报装服务半年度报告")).to_be_visible()
    wide = clerk.enter("/regulator?half=2026H1&lang=en", username="regulator", width=1280, height=900)
    assert_accessible(wide)
    assert_every_table_fits(wide)
