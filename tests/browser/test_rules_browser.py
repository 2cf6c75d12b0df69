"""Rules, calendar and texts in a browser: a limit changed and taken back, a storm's day, a text reworded."""

from datetime import timedelta

import pytest
from looking import LANGUAGES, assert_for_everybody
from playwright.sync_api import Page, expect
from sqlalchemy import select
from stories import NOW
from visiting import Clerk

from tracker import clock
from tracker.promises.models import PromiseRule
from tracker.runtime import Runtime

TOMORROW = (clock.local_date(NOW) + timedelta(days=1)).isoformat()
WORDING = "您好，订单{number}已收到，{deadline}前为您装好。咨询{hotline}。【{signature}】"

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("changeable")]


@pytest.fixture(autouse=True)
def then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def urban(runtime: Runtime, clerk: Clerk) -> int:
    with runtime.db.reading() as connection:
        found: int = connection.scalars(
            select(PromiseRule.id).where(PromiseRule.operator_id == 1, PromiseRule.area == "urban")
        ).one()
    return found


@pytest.mark.parametrize("script", [True, False])
def test_a_limit_is_changed_by_keyboard_and_taken_back(clerk: Clerk, urban: int, script: bool) -> None:
    page = clerk.enter("/promise-rules", width=390, script=script)
    page.get_by_role("link", name="家庭 · 宽带 · 城镇 · 资源具备").first.click()
    page.get_by_role("link", name="改时限").press("Enter")
    page.get_by_label("时限", exact=False).first.fill("72")
    page.get_by_label("原因").fill("提速承诺")
    page.get_by_label("原因").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("超过全市最长时限 48 小时")
    expect(page.get_by_label("原因")).to_have_value("提速承诺")
    page.locator("#amount").fill("24")
    page.locator("#amount").press("Enter")
    expect(page.locator("main")).to_contain_text("自受理起 24 小时内装通")
    expect(page.locator(".rule-examples tr[data-differs]")).to_have_count(2)
    page.get_by_role("button", name="发布").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("新版本已发布")
    page.get_by_role("link", name="撤回").click()
    page.get_by_label("原因").fill("录入错误")
    page.get_by_label("原因").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已撤回")
    expect(page.locator("main")).not_to_contain_text("尚未生效")


def test_a_storms_day_and_a_text_are_changed(clerk: Clerk) -> None:
    page = clerk.enter("/calendar", width=1280)
    page.locator(f'a[href="/calendar/{TOMORROW}"]').first.click()
    page.get_by_label("事由", exact=False).first.fill("台风停工")
    page.get_by_label("依据").fill("清三防〔2026〕9号")
    page.get_by_role("button", name="预览").click()
    expect(page.locator("main")).to_contain_text("没有在途承诺会因此不同")
    page.get_by_role("button", name="改日历").click()
    expect(page.get_by_role("status")).to_contain_text("日历已改")
    page.get_by_role("link", name="撤回这项调整").click()
    page.get_by_label("原因").fill("台风改道")
    page.get_by_role("button", name="撤回调整").click()
    expect(page.get_by_role("status")).to_contain_text("恢复公布的安排")

    page.goto("/templates/order_accepted")
    page.get_by_role("link", name="改正文").click()
    page.get_by_label("中文正文").fill(WORDING)
    page.get_by_label("原因").fill("更亲切")
    page.get_by_role("button", name="预览").click()
    expect(page.locator(".bubble").first).to_contain_text("您好，订单QY261108K7M4QZX已收到")
    page.get_by_role("button", name="存草稿").click()
    page.get_by_role("button", name="启用", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已启用")
    page.goto("/templates/order_accepted/versions/1")
    page.get_by_label("原因").fill("用回原来的")
    page.get_by_role("button", name="用回这一版").click()
    expect(page.get_by_role("status")).to_contain_text("已用回这一版")


def walk(urban: int) -> list[str]:
    return [
        "/promise-rules",
        f"/promise-rules/{urban}",
        f"/promise-rules/{urban}/replace",
        f"/promise-rules/{urban}/end",
        "/promise-rules/new",
        "/calendar",
        "/calendar?year=2028",
        f"/calendar/{TOMORROW}",
        "/calendar/import",
        "/templates",
        "/templates/tariff_change",
        "/templates/tariff_change/edit",
        "/templates/tariff_change/versions/1",
    ]


def preview(page: Page) -> None:
    """Send the form that is shown as it is, and look at what it comes to."""
    page.locator("#reason, #source").last.fill("2026-9")
    page.locator("button[value=preview]").click()
    expect(page.locator("button[value=do]")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_rules_is_for_everybody(clerk: Clerk, urban: int, language: str) -> None:
    page = clerk.enter("/account", width=390, language=language)

    def check() -> None:
        assert_for_everybody(page, language)

    for path in walk(urban):
        page.goto(path)
        check()
    page.goto(f"/promise-rules/{urban}/replace")
    page.locator("#amount").fill("24")
    preview(page)
    check()
    page.goto(f"/calendar/{TOMORROW}")
    page.locator("#name").fill("台风停工")
    preview(page)
    check()
    page.goto("/templates/delayed/edit")
    preview(page)
    check()
