"""Orders at risk in a browser: seen, called, taken over, assigned, promised anew; and the rules."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from looking import LANGUAGES, assert_for_everybody
from playwright.sync_api import expect
from stories import NOW
from visiting import Clerk

from tests.teaming import COUNTY, Crew, appointed, checked, row_of
from tracker import clock
from tracker.at_risk.escalate import escalate
from tracker.at_risk.rules import Rules
from tracker.at_risk.save_rules import save_rules
from tracker.orders.actor import Actor
from tracker.orders.assign_orders import assign_orders
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@pytest.fixture
def crew(runtime: Runtime, channel: ChannelFacts, monkeypatch: pytest.MonkeyPatch) -> Crew:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return Crew(runtime, channel.operator_id)


@pytest.fixture
def risky(
    runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed], crew: Crew
) -> Callable[..., str]:
    """Makes an order whose promise of two days was given so many hours ago."""

    def make(hours: float, *, ready: bool = True, **changes: str) -> str:
        accepted_at = (NOW - timedelta(hours=hours)).isoformat()
        if ready:
            return checked(runtime, channel, place, accepted_at=accepted_at, **changes)
        return place(accepted_at=accepted_at, **changes).number

    return make


@pytest.mark.parametrize("script", [True, False])
def test_the_managers_morning(
    clerk: Clerk, runtime: Runtime, crew: Crew, risky: Callable[..., str], script: bool
) -> None:
    team = crew.team("县城班", COUNTY)
    late, due = risky(60), risky(30)
    page = clerk.enter("/", width=1280, height=900, script=script)
    page.get_by_role("link", name="超时预警").click()
    rows = page.locator(".risk-list tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("已超过 12 小时")
    expect(rows.nth(1)).to_contain_text("还有 18 小时")

    page.get_by_role("button", name=f"致电 {late}").click()
    expect(page.locator(".call-number")).to_have_text("138 0000 1234")
    page.locator("#outcome-no_answer").check()
    page.get_by_role("button", name="保存，回列表").click()
    expect(page.get_by_role("status")).to_contain_text("无人接听")
    expect(rows.nth(0)).to_contain_text("联系不上客户")
    page.get_by_role("button", name=f"我来跟进 {late}").click()
    expect(rows.nth(0)).to_contain_text("王敏 跟进")

    page.get_by_role("link", name="未派人").click()
    page.get_by_label(f"选择 {due}").check()
    page.get_by_label("交给").select_option(str(team))
    page.get_by_role("button", name="确认派单").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已派给 县城班：1 张")
    expect(rows).to_have_count(1)
    assert "risk=no_team" in page.url
    assert row_of(runtime, due).team_id == team

    page.get_by_role("link", name="另定期限").click()
    page.get_by_label("不能按期，另定日期").check()
    page.get_by_label("新期限").fill("2026-11-30T18:00")
    page.get_by_label("跟进人").fill("王敏")
    page.get_by_label("原因").select_option("estate_unfinished")
    page.get_by_role("button", name="看新的期限").click()
    page.get_by_role("button", name="确认并告知客户").click()
    expect(page.locator("main")).to_contain_text("已重新承诺")
    assert "/at-risk?risk=no_team" in page.url


def test_the_rules_are_changed_on_a_phone_by_keyboard(
    clerk: Clerk, runtime: Runtime, crew: Crew, risky: Callable[..., str]
) -> None:
    risky(30)
    page = clerk.enter("/at-risk", width=390)
    page.get_by_role("link", name="预警与督办规则").click()
    page.get_by_label("一级：期限前几小时未上门").fill("20")
    page.get_by_label("调整原因").fill("节前加强")
    page.get_by_label("调整原因").press("Enter")
    expect(page.locator("main")).to_contain_text("按新规则，现在会是这样")
    expect(page.locator(".risk-steps li").first).to_contain_text("一级督办 1 张 王敏")
    page.get_by_role("button", name="保存，马上生效").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("规则已保存")
    expect(page.locator(".risk-version")).to_contain_text("节前加强")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_orders_at_risk_is_for_everybody(
    clerk: Clerk,
    runtime: Runtime,
    channel: ChannelFacts,
    crew: Crew,
    risky: Callable[..., str],
    language: str,
) -> None:
    team = crew.team("县城班", COUNTY)
    lee = crew.installer(team)
    numbers = [risky(100), risky(50), risky(30), risky(20, ready=False)]
    came = assign_orders(runtime, crew.actor, numbers[1:3], team_id=team, installer_id=lee)
    appointed(runtime, channel, numbers[2], hours=30)
    escalate(runtime)
    manager = Actor(channel.operator_id, "staff:wang.min")
    save_rules(runtime, manager, Rules(due_hours=30), "试行一个月", if_version=0)
    page = clerk.enter("/", width=390, language=language)
    for path in (
        "/at-risk",
        f"/at-risk?risk=overdue&done={came.id}",
        "/at-risk?kind=enterprise",
        "/at-risk/steps",
        f"/orders/{numbers[0]}/history",
    ):
        page.goto(path)
        assert_for_everybody(page, language)
