"""Excuses and compensation in a browser: asked for, approved by somebody else, paid; for everybody."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from looking import LANGUAGES, assert_accessible, assert_for_everybody, assert_no_sideways_scrolling
from PIL import Image
from playwright.sync_api import Page, expect
from stories import NOW
from visiting import Clerk

from tests.compensation.conftest import HOUR, PROMISED, Late
from tracker import clock
from tracker.excuses.ask_excuse import ask_excuse
from tracker.excuses.decide_excuse import decide_excuse
from tracker.orders.actor import Actor
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.staff.create_account import create_account

LATE = timedelta(days=2, hours=3)


@pytest.fixture
def book(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    clerk: Clerk,
    monkeypatch: pytest.MonkeyPatch,
) -> Late:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    made = Late(runtime, channel, place)
    made.keep()
    for username, role, name in (("chen.jie", "dispatcher", "陈洁"), ("li.gang", "manager", "李刚")):
        create_account(
            runtime.db,
            username=username,
            password=Clerk.password,
            role=role,
            display_name=name,
            operator_id=channel.operator_id,
        )
    return made


def ask(book: Late, number: str, who: str, hours: int = 30, **changes: Any) -> int:
    begin = book.row(number).accepted_at + HOUR
    request = {
        "reason_code": "property_manager",
        "reason_text": None,
        "starts_at": begin,
        "ends_at": begin + hours * HOUR,
        "evidence": "物业函〔2026〕17号",
    }
    actor = Actor(book.channel.operator_id, f"staff:{who}")
    return ask_excuse(book.runtime, actor, number, request | changes)


def connected(book: Late) -> str:
    """The number of an order that was connected late, an hour ago."""
    number = book.accepted(PROMISED + LATE + HOUR)
    book.connect(number, LATE)
    return number


def seen_well(page: Page) -> None:
    assert_no_sideways_scrolling(page)
    assert_accessible(page)


@pytest.mark.parametrize("script", [True, False])
def test_from_the_dispatchers_request_to_the_managers_approval(
    clerk: Clerk, book: Late, script: bool
) -> None:
    number = book.accepted(PROMISED + LATE)
    page = clerk.enter(f"/orders/{number}", username="chen.jie", width=1280, script=script)
    page.get_by_role("link", name="申请免责").click()
    page.get_by_label("原因").select_option("roadworks")
    begin = clock.local(book.row(number).accepted_at + HOUR)
    page.get_by_label("延误开始").fill(f"{begin:%Y-%m-%dT%H:%M}")
    page.get_by_label("延误结束").fill(f"{begin + 60 * HOUR:%Y-%m-%dT%H:%M}")
    picture = io.BytesIO()
    Image.new("RGB", (80, 60), "#789").save(picture, "JPEG")
    page.get_by_label("照片、PDF").set_input_files(
        {"name": "site.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
    )
    page.get_by_role("button", name="提交审批").click()
    expect(page.get_by_role("status")).to_contain_text("等待另一位经理审批")

    page = clerk.enter("/excuses", width=1280, script=script)
    page.get_by_role("link", name=number).first.click()
    expect(page.locator("main")).to_contain_text("同意后从分母中剔除")
    expect(page.get_by_role("link", name="照片 1")).to_be_visible()
    page.get_by_role("button", name="同意免责").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已同意")
    expect(page.locator("main")).to_contain_text("没有待审批的免责申请")


def test_what_is_ticked_is_paid_by_the_keyboard_alone(clerk: Clerk, book: Late) -> None:
    number = connected(book)
    book.keep()
    page = clerk.enter("/compensation", width=1280)
    expect(page.locator("main")).to_contain_text("3 天 × 1 % × ¥100.00 = ¥3.00")
    page.get_by_label(f"勾选 {number}").focus()
    page.keyboard.press("Space")
    page.get_by_label("付款方式").select_option("transfer")
    page.get_by_label("付款凭证号").fill("BC2026-0031")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已登记付款")
    expect(page.locator(".comp-list")).to_contain_text("BC2026-0031")


def test_they_are_for_everybody(clerk: Clerk, book: Late) -> None:
    late, other = connected(book), connected(book)
    running = book.accepted(PROMISED + LATE)
    book.keep()
    decided = ask(book, other, "chen.jie")
    decide_excuse(
        book.runtime, Actor(book.channel.operator_id, "staff:wang.min"), decided, approve=True, words="函已核"
    )
    book.keep()
    waiting = ask(book, running, "chen.jie", hours=60)
    own = ask(book, late, "wang.min", hours=50, reason_text="物业不让进机房，协调两天后放行")
    paths = (
        "/excuses",
        f"/excuses/{waiting}",
        f"/excuses/{own}",
        f"/orders/{running}/excuse",
        "/compensation",
        f"/orders/{late}/compensation",
        f"/orders/{running}",
    )
    for language in LANGUAGES:
        page = clerk.enter(paths[0], width=390, language=language)
        for path in paths:
            page.goto(path)
            assert_for_everybody(page, language)
            if language == "en" and "/orders/" not in path:
                assert "免责" not in page.locator("h1, h2, dt, th, label").all_inner_texts()
