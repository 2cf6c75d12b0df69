"""The desk in a browser: found by phone, held, resumed, a return asked for and approved by somebody else."""

from collections.abc import Callable
from typing import Any

import pytest
from looking import LANGUAGES, assert_for_everybody
from playwright.sync_api import Page, expect
from stories import NOW
from visiting import Clerk

from tests.desk_work import Book
from tracker import clock
from tracker.orders.actor import Actor
from tracker.orders.ask_return import ask_return
from tracker.orders.place_orders import Placed
from tracker.orders.rules import Stage
from tracker.real_name.require_checks import require_checks
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.staff.create_account import create_account


@pytest.fixture
def book(
    runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed], monkeypatch: pytest.MonkeyPatch
) -> Book:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return Book(runtime, channel, place)


@pytest.fixture
def counter(clerk: Clerk, book: Book) -> Callable[..., Page]:
    """A page that somebody at the counter has signed in on."""
    create_account(
        book.runtime.db,
        username="li.hua",
        password=clerk.password,
        role="counter",
        display_name="李华",
        operator_id=book.channel.operator_id,
    )

    def enter(path: str = "/", **how: Any) -> Page:
        page = clerk.open("/sign-in", **how)
        page.locator("#username").fill("li.hua")
        page.locator("#password").fill(clerk.password)
        with page.expect_navigation():
            page.locator("main form button").first.click()
        page.goto(path)
        return page

    return enter


@pytest.mark.parametrize("script", [True, False])
def test_the_counters_path(counter: Callable[..., Page], clerk: Clerk, book: Book, script: bool) -> None:
    number = book.order(Stage.VERIFIED, customer__phone="13900005678")
    page = counter("/plans", width=1280, script=script)
    page.get_by_placeholder("订单号、手机号、投诉编号").fill("139 0000 5678")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("实名核验通过")
    assert page.url.endswith(f"/orders/{number}")

    page.get_by_role("link", name="缓装", exact=True).click()
    page.get_by_label("原因").select_option("not_decorated")
    page.get_by_label("缓装至").fill("2026-12-05")
    page.get_by_role("button", name="看新的期限").click()
    expect(page.locator("main")).to_contain_text("12月7日（周一）24:00")
    page.get_by_role("button", name="确认缓装并告知客户").click()
    expect(page.get_by_role("status")).to_contain_text("已缓装")

    page.get_by_role("link", name="恢复办理").click()
    page.get_by_role("button", name="恢复办理并告知客户").click()
    expect(page.get_by_role("status")).to_contain_text("已恢复办理")

    page.get_by_role("link", name="申请退单").click()
    page.get_by_label("原因").select_option("line_too_long")
    page.get_by_label("说明").fill("光缆不到")
    page.get_by_role("button", name="提交审批").click()
    expect(page.locator("main")).to_contain_text("待审批")

    manager = clerk.enter("/", width=390, script=script)
    manager.get_by_role("link", name="有退单申请待审批").click()
    manager.get_by_role("link", name=number).click()
    manager.get_by_label("审批意见").fill("同意")
    manager.get_by_role("button", name="同意退单并告知客户").click()
    expect(manager.get_by_role("status")).to_contain_text("已退单")
    page.goto(f"/orders/{number}/history")
    for said in ("已退单", "同意退单", "申请退单", "恢复办理", "缓装"):
        expect(page.locator("tbody")).to_contain_text(said)


def test_a_stale_form_keeps_what_was_typed_and_goes_through_by_keyboard(
    counter: Callable[..., Page], book: Book
) -> None:
    number = book.order()
    page = counter(f"/orders/{number}/contact", width=390)
    page.get_by_label("姓名").fill("欧阳娜娜")
    page.get_by_label("更正原因").fill("客户到厅更正")
    book.move(number, Stage.VERIFIED)
    page.get_by_label("更正原因").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("有人先一步改动了这个工单")
    expect(page.get_by_role("alert")).to_contain_text("实名核验通过")
    expect(page.get_by_label("姓名")).to_have_value("欧阳娜娜")
    page.get_by_label("更正原因").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已更正")
    page.get_by_text("显示完整姓名、电话、地址").click()
    page.get_by_label("用途").select_option("identity")
    page.get_by_role("button", name="显示", exact=True).click()
    expect(page.locator("main")).to_contain_text("欧阳娜娜")


def walk(number: str, request: int) -> list[str]:
    """Every page of the desk, by its address."""
    parts = (
        "",
        "/hold",
        "/resume",
        "/withdraw",
        "/repromise",
        "/contact",
        "/real-name",
        "/return",
        "/history",
    )
    of_order = [f"/orders/{number}{part}" for part in parts]
    return [
        "/",
        "/?kind=enterprise",
        "/orders/find",
        *of_order,
        "/orders/returns",
        f"/orders/returns/{request}",
        "/real-name",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_the_desk_is_for_everybody(clerk: Clerk, book: Book, language: str) -> None:
    number = book.order(Stage.DISPATCHED)
    operator_id = book.channel.operator_id
    require_checks(book.runtime.db, operator_id, ["id_document"], "主管部门要求", "staff:wang.min")
    asked = {"reason_code": "line_too_long", "reason_text": "光缆不到", "evidence": "KC-118"}
    request = ask_return(book.runtime, Actor(operator_id, "staff:li.hua"), number, asked)
    page = clerk.enter("/", width=390, language=language)

    def check() -> None:
        assert_for_everybody(page, language)

    for path in walk(number, request):
        page.goto(path)
        check()
    page.goto(f"/orders/{number}/hold")
    page.locator("button[value=preview]").click()
    expect(page.locator(".notice")).to_be_visible()
    check()
    page.locator("#reason_code").select_option("not_decorated")
    page.locator("#until").fill("2026-12-05")
    page.locator("button[value=preview]").click()
    expect(page.locator("button[value=do]")).to_be_visible()
    check()
    book.move(number, Stage.WITHDRAWN, reason_code="no_longer_wanted")
    page.goto(f"/orders/{number}")
    check()
