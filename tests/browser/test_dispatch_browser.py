"""The dispatcher's way in a browser: a county on the map, a range of orders, a team, and back again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from looking import LANGUAGES, assert_for_everybody
from playwright.sync_api import expect
from stories import NOW
from visiting import Clerk

from tests.teaming import COUNTY, ELSEWHERE, Crew, appointed, checked, row_of
from tests.visiting_slots import Diary
from tracker import clock
from tracker.orders.assign_orders import assign_orders
from tracker.orders.place_orders import Placed
from tracker.reference import ChannelFacts
from tracker.runtime import Runtime


@pytest.fixture
def crew(runtime: Runtime, channel: ChannelFacts, monkeypatch: pytest.MonkeyPatch) -> Crew:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return Crew(runtime, channel.operator_id)


@pytest.fixture
def ready(
    runtime: Runtime, channel: ChannelFacts, place: Callable[..., Placed], crew: Crew
) -> Callable[..., str]:
    return lambda **changes: checked(runtime, channel, place, **changes)


def test_a_county_is_chosen_orders_are_ticked_and_assigned_and_it_is_undone(
    clerk: Clerk, runtime: Runtime, crew: Crew, ready: Callable[..., str]
) -> None:
    team = crew.team("县城班", COUNTY)
    crew.installer(team)
    numbers = [ready() for _ in range(4)]
    ready(address__community_code="441881001001")
    page = clerk.enter("/dispatch", width=1280, height=900)
    expect(page.locator("tbody tr")).to_have_count(5)
    page.get_by_role("link", name="清城区").first.click()
    expect(page.locator(".dispatch-list tbody tr")).to_have_count(4)
    boxes = page.locator("input[name=order]")
    boxes.nth(0).focus()
    page.keyboard.press("Space")
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.locator("[data-chosen]")).to_have_text("3")
    page.get_by_label("选择本页全部").check()
    expect(page.locator("[data-chosen]")).to_have_text("4")
    boxes.nth(3).uncheck()
    # From here on by keyboard alone.
    page.get_by_label("交给").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="确认派单").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已派给 县城班 · 李师傅")
    assert sum(row_of(runtime, number).team_id == team for number in numbers) == 3
    assert f"place={COUNTY}" in page.url
    page.get_by_role("button", name="撤回这次派单").click()
    expect(page.get_by_role("status")).to_contain_text("已撤回 3 张")
    assert all(row_of(runtime, number).team_id is None for number in numbers)


def test_on_a_phone_without_script_the_same_is_done(
    clerk: Clerk, runtime: Runtime, crew: Crew, ready: Callable[..., str]
) -> None:
    team, number = crew.team("县城班", COUNTY), ready()
    page = clerk.enter(f"/dispatch?place={COUNTY}", width=390, script=False)
    page.get_by_role("link", name="勾选本页全部").click()
    page.get_by_label("交给").select_option(str(team))
    page.get_by_role("button", name="确认派单").click()
    assert row_of(runtime, number).team_id == team


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_dispatching_is_for_everybody(
    clerk: Clerk,
    runtime: Runtime,
    channel: ChannelFacts,
    crew: Crew,
    ready: Callable[..., str],
    language: str,
) -> None:
    team = crew.team("县城班", COUNTY)
    lee = crew.installer(team)
    crew.installer(team, "陈师傅")
    Diary(runtime, crew.operator_id).slot(area_code=COUNTY, starts_at=NOW + timedelta(hours=5), capacity=3)
    numbers = [ready() for _ in range(3)]
    far = ready(address__community_code=f"{ELSEWHERE}001001")
    came = assign_orders(runtime, crew.actor, [*numbers[:2], far], team_id=team, installer_id=lee)
    for number in numbers[:2]:
        appointed(runtime, channel, number, hours=4)
    page = clerk.enter("/", width=390, language=language)
    for path in (
        "/dispatch",
        f"/dispatch?place={COUNTY}&show=all&done={came.id}",
        "/dispatch?view=table&show=late",
        f"/dispatch/installers?team={team}&done={came.id}",
        "/teams",
        f"/teams/{team}",
        f"/teams/{team}/close",
        "/teams/new",
    ):
        page.goto(path)
        assert_for_everybody(page, language)
