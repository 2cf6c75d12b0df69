"""Slots and visits in a browser: opened by a pattern, closed and opened again, chosen for an order."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from looking import LANGUAGES, assert_for_everybody
from playwright.sync_api import Page, expect
from stories import NOW
from visiting import Clerk

from tests.visiting_slots import TOWN, Diary, dispatched
from tracker import clock
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime

TOMORROW = clock.local_date(NOW) + timedelta(days=1)


@pytest.fixture
def diary(runtime: Runtime, channel: ChannelFacts) -> Diary:
    return Diary(runtime, channel.operator_id)


@pytest.fixture
def order(
    runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed], monkeypatch: pytest.MonkeyPatch
) -> str:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return dispatched(runtime, channel, place)


def open_town(page: Page) -> None:
    """Open the usual slots of 凤城街道 by the form."""
    page.goto("/slots/new")
    page.get_by_text("按镇（街道）选").first.click()
    page.get_by_label("凤城街道").check()
    page.get_by_label("每个时段上门户数").fill("2")
    page.get_by_role("button", name="预览").click()
    expect(page.locator("main")).to_contain_text("新开放 56 个时段")
    page.get_by_role("button", name="开放", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已开放")


@pytest.mark.parametrize("script", [True, False])
def test_slots_are_opened_closed_and_opened_again(clerk: Clerk, diary: Diary, script: bool) -> None:
    page = clerk.enter("/slots", width=1280, script=script)
    expect(page.locator("main")).to_contain_text("没有开放的时段")
    open_town(page)
    page.get_by_role("link", name=f"{TOMORROW.month}月{TOMORROW.day}日").click()
    page.get_by_label("9–11时").check()
    page.get_by_label("11–13时").check()
    page.get_by_label("原因").fill("台风")
    page.get_by_role("button", name="停止预约").click()
    expect(page.locator("tbody")).to_contain_text("已停止")
    assert page.get_by_text("已停止", exact=True).count() == 2
    page.get_by_label("9–11时").check()
    page.get_by_role("button", name="恢复预约").click()
    expect(page.get_by_role("status")).to_contain_text("已恢复预约")
    assert page.get_by_text("已停止", exact=True).count() == 1


def test_a_visit_is_chosen_by_keyboard_and_undone(clerk: Clerk, diary: Diary, order: str) -> None:
    diary.slot(capacity=2)
    page = clerk.enter(f"/orders/{order}/visit")
    page.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="确认并通知客户").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已约定，并已通知客户")
    expect(page.get_by_role("heading", level=1)).to_contain_text("9–11时")
    page.get_by_role("button", name="撤回这次约定").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("还没有约定上门时间")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_slots_is_for_everybody(clerk: Clerk, diary: Diary, order: str, language: str) -> None:
    begin = clock.local(NOW).replace(hour=9, minute=0) + timedelta(days=1)
    diary.slot(starts_at=begin, capacity=2)
    diary.slot(starts_at=begin + timedelta(hours=5), closed_at=NOW)
    diary.slot(starts_at=begin + timedelta(hours=2), booked=1)
    page = clerk.enter("/", width=390, language=language)

    def check() -> None:
        assert_for_everybody(page, language)

    for path in (
        "/slots",
        "/slots?county=441881",
        f"/slots/{TOWN}/{TOMORROW}",
        f"/slots/{TOWN}/2026-12-31",
        f"/orders/{order}/visit",
        "/slots/new",
    ):
        page.goto(path)
        check()
    page.locator("button[value=preview]").click()
    expect(page.locator(".notice")).to_be_visible()
    check()
    page.locator("input[name=area]").first.check()
    page.locator("#capacity").fill("2")
    page.locator("button[value=preview]").click()
    expect(page.locator("button[value=open]")).to_be_visible()
    check()
