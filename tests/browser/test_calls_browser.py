"""Calls and the board of notices in a browser: phone and desk, zh and en, dark, keyboard, without script."""

import re
from collections.abc import Callable

import pytest
from looking import LANGUAGES, assert_accessible, assert_for_everybody
from playwright.sync_api import Page, expect
from visiting import Clerk

from tests.calling import DAY, HOUR, MINUTE, Exchange, at
from tests.complaining import NOW
from tracker.calls.claim import take_call
from tracker.notices.heartbeat import SWEEP, beat
from tracker.orders.actor import Actor
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime
from tracker.sms.port import Scope

pytestmark = pytest.mark.browser


@pytest.fixture
def exchange(
    runtime: Runtime,
    channel: ChannelFacts,
    place: Callable[..., Placed],
    clerk: Clerk,
    monkeypatch: pytest.MonkeyPatch,
) -> Exchange:
    """The texts of some days, and the calls that came of them, on the morning of the stories."""
    made = Exchange(runtime, channel.operator_id, place, Actor(channel.operator_id, "staff:chen"))
    at(monkeypatch, NOW - DAY)
    for _ in range(6):
        made.delivered()
    made.send()
    for code in ("30005", "30005", "30003"):
        made.undelivered(code)
    made.call(made.task(made.landline()).id, "reached")
    made.call(made.task(made.landline()).id, "wrong_number")
    at(monkeypatch, NOW - 5 * HOUR)
    made.landline(customer__name="张小明")
    at(monkeypatch, NOW - HOUR)
    back = made.task(made.refused(address__community_code="441881001001"))
    made.call(back.id, "call_back", note="下午两点以后再打", back=NOW + 2 * HOUR)
    taken = made.task(made.refused("21617", Scope.CONTENT))
    take_call(runtime, Actor(channel.operator_id, "staff:chen"), taken.id)
    made.unknown()
    made.not_sent()
    at(monkeypatch, NOW - 10 * MINUTE)
    for _ in range(3):
        made.delivered()
    at(monkeypatch, NOW)
    take_call(runtime, Actor(channel.operator_id, "staff:chen"), taken.id)
    with runtime.db.transaction() as connection:
        beat(connection, SWEEP, NOW)
    return made


def addresses(exchange: Exchange) -> list[str]:
    back = exchange.one("SELECT * FROM call_tasks WHERE outcome = 'call_back'")
    failed = exchange.one("SELECT * FROM notices WHERE state = 'undelivered' ORDER BY id DESC LIMIT 1")
    return [
        "/calls",
        f"/calls/{back.id}",
        "/calls/history",
        "/notices",
        "/notices/list",
        "/notices?audience=staff",
        f"/notices/{failed.id}",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_for_everybody(clerk: Clerk, exchange: Exchange, language: str) -> None:
    page = clerk.enter("/calls", width=390, language=language)
    for path in addresses(exchange):
        page.goto(path)
        assert_for_everybody(page, language)
    page.goto("/calls")
    page.get_by_role("button", name=re.compile("拨打下一个|Call the next one")).click()
    assert_for_everybody(page, language)
    page.locator(".call-form button.primary").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert_for_everybody(page, language)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))


@pytest.mark.parametrize(("width", "script"), [(1280, True), (390, False)])
def test_calls_are_made_one_after_another_by_keyboard(
    clerk: Clerk, exchange: Exchange, width: int, script: bool
) -> None:
    page = clerk.enter("/calls", width=width, script=script)
    page.get_by_role("button", name="拨打下一个").press("Enter")
    first = page.url
    expect(page.locator(".call-number")).to_have_attribute("href", re.compile(r"^tel:\+86\d+$"))
    expect(page.locator("blockquote")).to_contain_text("已受理")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#outcome-call_back")).to_be_checked()
    page.keyboard.press("Tab")
    page.get_by_label("客户约定的时间").fill("2026-11-24T16:30")
    page.get_by_label("备注").fill("下班后方便")
    page.get_by_role("button", name="保存，打下一个").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已登记")
    assert page.url.split("?")[0] != first.split("?")[0]
    page.get_by_role("button", name="撤回这次登记").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已撤回登记")
    expect(page.locator("main")).to_contain_text("撤回了登记")
    if script:
        assert_accessible(page, looks_only=True)
    page.locator("#outcome-call_back").check()
    page.get_by_label("客户约定的时间").fill("2026-11-24T16:30")
    page.get_by_label("备注").fill("下班后方便")
    page.get_by_role("button", name="保存，打下一个").press("Enter")
    page.goto(first)
    expect(page.locator("main")).to_contain_text("下班后方便")
    expect(page.locator("main")).to_contain_text("客户约定 11月24日 16:30")


def test_who_was_slower_keeps_what_was_typed(clerk: Clerk, exchange: Exchange) -> None:
    page = clerk.enter("/calls", width=1280)
    page.get_by_role("button", name="拨打下一个").click()
    page.locator("#outcome-no_answer").check()
    page.get_by_label("备注").fill("响了很久")
    exchange.call(int(page.url.split("/calls/")[1].split("?")[0]), "call_back", back=NOW + HOUR)
    page.get_by_role("button", name="保存，回列表").click()
    expect(page.get_by_role("alert")).to_contain_text("有人先一步处理了这个任务")
    expect(page.get_by_role("alert")).to_contain_text("客户另约时间")
    expect(page.get_by_label("备注")).to_have_value("响了很久")
    expect(page.locator("#outcome-no_answer")).to_be_checked()
    page.get_by_role("button", name="保存，回列表").click()
    expect(page.get_by_role("status")).to_contain_text("已登记")
    expect(page).to_have_url(re.compile(r"/calls\?done=\d+$"))


def test_a_count_leads_to_a_text_that_is_sent_again(clerk: Clerk, exchange: Exchange) -> None:
    page = clerk.enter("/notices", width=1280)
    page.locator(".figures").get_by_role("link", name=re.compile("未送达")).click()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.locator("tbody a").first.click()
    expect(page.locator("main")).to_contain_text("手机关机或不在服务区")
    page.locator("summary", has_text="再发一次").click()
    page.get_by_role("button", name="再发一次").click()
    expect(page.get_by_role("status")).to_contain_text("已安排再发一次")
    page.get_by_role("link", name=re.compile(r"^\d+$")).last.click()
    expect(page.locator("main")).to_contain_text("要求再发一次")
    expect(page.locator("main")).to_contain_text("王敏")
    expect(page.locator("summary", has_text="再发一次")).to_have_count(0)
